(sample "x" 0 1)
