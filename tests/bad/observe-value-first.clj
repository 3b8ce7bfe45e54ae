(observe "y" 3.2 (normal 0 1))
