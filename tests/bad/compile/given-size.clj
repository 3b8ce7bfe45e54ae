(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))] x)
(given "n")
