(loop 3 0 1)
