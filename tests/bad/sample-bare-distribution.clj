(sample "x" normal)
