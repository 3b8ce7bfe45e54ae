(observe "y" (bernoulli 0.5) 1)
