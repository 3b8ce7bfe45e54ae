(sample "x" (categorical (0.2 0.8)))
