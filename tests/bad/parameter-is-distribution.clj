(sample "x" (normal (normal 0 1) 1))
