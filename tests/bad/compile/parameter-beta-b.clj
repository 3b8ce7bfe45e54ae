(sample "x" (beta 1 0))
