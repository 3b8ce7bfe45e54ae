(def n 3000)
(foreach n [i (range n)] (foreach n [j (range n)] (sample "x" (normal 0 1))))
