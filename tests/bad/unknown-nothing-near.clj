(+ 1 zyzzyva)
