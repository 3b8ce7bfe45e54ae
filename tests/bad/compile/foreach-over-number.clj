(def n 3)
(foreach n [i n] (sample "y" (normal 0 1)))
