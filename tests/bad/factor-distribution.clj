(factor "f" (normal 0 1))
