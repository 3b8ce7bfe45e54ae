(observe "y" (normal 0 1) [1 2 3])
