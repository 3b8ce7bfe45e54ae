(foreach [3 2] [i (range 3) j (range 2)] (sample "x" (normal 0 1)))
