(sample "x" (normal :mean 0 :std 1))
