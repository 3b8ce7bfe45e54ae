(def n (pow 10 19))
(sample "x" (normal 0 1))
