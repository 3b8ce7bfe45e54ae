(sample "x" (gamma 1 2))
