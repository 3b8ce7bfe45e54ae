(sample "x")
