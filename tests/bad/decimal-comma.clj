(sample "x" (normal 0,5 1))
