(sample "x" (mixture [1.5 -0.5] [(normal 0 1) (normal 5 1)]))
