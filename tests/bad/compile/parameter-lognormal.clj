(sample "x" (lognormal 0 -1))
