(observe "y" (poisson 3) 2.5)
