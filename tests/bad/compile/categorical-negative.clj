(sample "x" (categorical [1.5 -0.5]))
