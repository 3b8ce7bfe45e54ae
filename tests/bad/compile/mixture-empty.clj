(sample "x" (mixture [1] []))
