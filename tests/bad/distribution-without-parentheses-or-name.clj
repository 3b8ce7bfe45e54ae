(sample normal 0 1)
