; --limit nodes=10
(def n 4)
(foreach n [i (range n)] (foreach n [j (range n)] (sample "x" (normal 0 1))))
