(sample "a\d" (normal 0 1))
