(def n = 3)
(sample "x" (normal n 1))
