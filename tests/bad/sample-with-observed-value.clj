(sample "y" (normal 0 1) :obs 3)
