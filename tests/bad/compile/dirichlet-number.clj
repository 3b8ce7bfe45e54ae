(sample "x" (dirichlet 1))
