(sample "x" (categorical 0.2 0.3 0.5))
