(sample (normal 0 1) "x")
