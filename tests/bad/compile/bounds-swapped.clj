(sample "x" (uniform 1 0))
