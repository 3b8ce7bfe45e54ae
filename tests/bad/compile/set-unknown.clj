; --set m=3
(def n 5)
(foreach n [i (range n)] (sample "x" (normal 0 1)))
