(sample "x" (randint 0 5))
