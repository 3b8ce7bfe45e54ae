(foreach 3 [i (range 3)] (sample (concat "x" i) (normal 0 1)))
