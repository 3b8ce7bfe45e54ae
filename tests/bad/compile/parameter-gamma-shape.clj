(sample "x" (gamma 0 1))
