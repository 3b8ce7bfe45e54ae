(sqrt [1 2 3])
