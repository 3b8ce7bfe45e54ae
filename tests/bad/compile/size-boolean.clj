(def n (> 3 2))
(foreach n [i (range 3)] (sample "x" (normal 0 1)))
