(sample "x" (mixture (normal 0 1) (normal 5 1)))
