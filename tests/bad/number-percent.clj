(sample "x" (bernoulli 30%))
