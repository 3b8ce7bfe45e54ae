(observe "x" (dirichlet [1 1 1]) [0.5 0.5 0.5])
