(sample "x" (dirac (normal 0 1)))
