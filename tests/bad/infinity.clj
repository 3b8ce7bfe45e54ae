(sample "x" (uniform 0 ##Inf))
