(sample "x" (beta -1 2))
