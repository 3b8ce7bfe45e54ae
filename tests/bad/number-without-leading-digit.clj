(sample "x" (normal -.5 1))
