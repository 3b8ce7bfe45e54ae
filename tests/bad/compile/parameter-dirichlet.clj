(sample "x" (dirichlet [1 0]))
