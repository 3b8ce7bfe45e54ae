(sample "x" (uniform-int 0 5))
