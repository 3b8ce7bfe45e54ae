(sqrt 1 2)
