(sample "x" (uniform-discrete 0 2.5))
