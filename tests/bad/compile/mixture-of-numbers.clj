(sample "x" (mixture [0.5 0.5] [0 5]))
