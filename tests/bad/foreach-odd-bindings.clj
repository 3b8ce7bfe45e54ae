(foreach 3 [i] i)
