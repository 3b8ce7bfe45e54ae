(foreach 3 [i (range 3)] (sample f"x{i}" (normal 0 1)))
