(foreach [i (range 3)] 3 (sample "x" (normal 0 1)))
