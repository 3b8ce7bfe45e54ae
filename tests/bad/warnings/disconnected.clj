(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [j (range n)] (sample "y" (normal (get x j) 1))))
