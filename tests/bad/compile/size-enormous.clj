(def n 1000000000)
(foreach n [i (range n)] (sample "x" (normal 0 1)))
