(sample "x" (bernoulli [0.2 0.8]))
