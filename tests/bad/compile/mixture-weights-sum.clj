(sample "x" (mixture [0.5 0.6] [(normal 0 1) (normal 5 1)]))
