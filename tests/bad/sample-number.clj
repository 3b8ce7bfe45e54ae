(sample "x" 3)
