(def n 1)
(sample "x" (normal 0 (/ 1 (- n 1))))
