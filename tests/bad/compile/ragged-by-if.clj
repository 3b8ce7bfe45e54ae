(def n 3)
(foreach n [i (range n)]
  (if (= i 0) (sample "x" (normal 0 1)) 0))
