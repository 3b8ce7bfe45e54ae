(loop 3 0)
