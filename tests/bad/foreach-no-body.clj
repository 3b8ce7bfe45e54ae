(foreach 3 [i (range 3)])
