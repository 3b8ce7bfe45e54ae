(normal 1/0 1)
