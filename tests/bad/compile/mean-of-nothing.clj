(def n 0)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (sample "y" (normal (mean x) 1)))
