(sample "x" (multivariate-normal [0 0] [[1 0 0] [0 1 0] [0 0 1]]))
