(foreach 3 [i (range 3)] (sample (+ "x" i) (normal 0 1)))
