(sample (str "") (normal 0 1))
