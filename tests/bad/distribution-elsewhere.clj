(sample "x" (weibull 1 2))
