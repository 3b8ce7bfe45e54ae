(sample "x" (poisson -1))
