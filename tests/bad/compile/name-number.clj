(foreach 3 [i (range 3)] (sample (+ i 1) (normal 0 1)))
