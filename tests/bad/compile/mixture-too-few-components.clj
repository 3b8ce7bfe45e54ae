(sample "x" (mixture [0.5 0.2 0.3] [(normal 0 1) (normal 5 1)]))
