(def n 5)
(sample "x" (uniform-discrete 5 n))
