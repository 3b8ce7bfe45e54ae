(observe "y" (categorical [0.5 0.5]) 2)
