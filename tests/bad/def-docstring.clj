(def n "the size" 3)
(sample "x" (normal n 1))
