(def n 3)
(foreach n-1 [i (range n-1)] (sample "x" (normal 0 1)))
