(sample "x" (laplace 0 0))
