(def n {:in [1 10]} 3)
(sample "x" (normal n 1))
