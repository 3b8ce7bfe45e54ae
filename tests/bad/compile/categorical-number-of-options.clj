(sample "x" (categorical 3))
