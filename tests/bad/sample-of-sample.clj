(sample "x" (sample "y" (normal 0 1)))
