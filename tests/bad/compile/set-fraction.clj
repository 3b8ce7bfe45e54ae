; --set n=2.5
(def n 5)
(foreach n [i (range n)] (sample "x" (normal 0 1)))
