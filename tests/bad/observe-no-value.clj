(observe "y" (normal 0 1))
