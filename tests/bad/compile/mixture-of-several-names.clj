(sample "x" (mixture [0.5 0.5] [(normal 0 1) (uniform 5 6)]))
