(def n 3)
(n [i (range n)] (sample "x" (normal i 1)))
