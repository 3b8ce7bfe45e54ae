(def n 100000)
(foreach n [i (range n)]
  (foreach n [j (range n)]
    (sample "x" (normal (+ i j) 1))))
