(sample "x" (multivariate-normal [0 0] [[1 2] [2 1]]))
