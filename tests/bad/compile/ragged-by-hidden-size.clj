(def n 3)
(foreach n [n (range n)]
  (foreach n [j (range n)]
    (sample "x" (normal j 1))))
