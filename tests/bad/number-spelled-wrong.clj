(sample "x" (normal 1.2.3 1))
