(range 0 10 2)
