(sample "x" (nromal 0 1))
