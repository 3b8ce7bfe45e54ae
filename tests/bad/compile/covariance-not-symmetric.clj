(sample "x" (multivariate-normal [0 0] [[1 0.5] [0.2 1]]))
