(sample "x" (gamma 2 -1))
