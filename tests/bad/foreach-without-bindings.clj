(foreach 3 (sample "x" (normal 0 1)))
