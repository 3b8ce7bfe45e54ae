(sample "x" (normal 1 0))
