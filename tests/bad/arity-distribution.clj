(sample "x" (normal 0))
