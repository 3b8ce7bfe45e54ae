(def n 3)
(def m (n * 2))
(foreach m [i (range m)] (sample "x" (normal 0 1)))
