(def n 0)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (first x))
