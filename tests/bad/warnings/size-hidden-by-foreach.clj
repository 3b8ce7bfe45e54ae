(def n 3)
(let [mu (sample "mu" (normal 0 1))]
  (foreach n [n (range n)]
    (sample "x" (normal (+ mu n) 1))))
