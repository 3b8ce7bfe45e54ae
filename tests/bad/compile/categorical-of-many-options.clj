(def n 5000)
(sample "x" (categorical (foreach n [i (range n)] (/ 1 n))))
