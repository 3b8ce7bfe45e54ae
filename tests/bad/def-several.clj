(def n 3 m 4)
(sample "x" (normal 0 1))
