(sample count (normal 0 1))
