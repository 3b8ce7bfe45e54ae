(def n 10000)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)] (sample "y" (normal (sum x) 1))))
