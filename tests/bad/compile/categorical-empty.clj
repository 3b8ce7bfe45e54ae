(def n 0)
(sample "x" (categorical (foreach n [i (range n)] 1)))
