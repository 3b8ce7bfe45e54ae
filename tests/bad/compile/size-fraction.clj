(def n 3)
(foreach (/ n 2) [i (range n)] (sample "x" (normal 0 1)))
