(observe "y" (uniform 0 1) 2)
