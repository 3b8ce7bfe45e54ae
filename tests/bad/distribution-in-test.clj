(if (not (bernoulli 0.5)) 1 2)
