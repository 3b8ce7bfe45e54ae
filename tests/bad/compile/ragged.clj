(def n 3)
(foreach n [i (range n)]
  (foreach (+ i 1) [j (range (+ i 1))]
    (sample "x" (normal 0 1))))
