(sample 3 (normal 0 1))
