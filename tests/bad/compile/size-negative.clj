(def n 3)
(def m 5)
(foreach (- n m) [i (range 3)] (sample "x" (normal 0 1)))
