(def n 3)
(def xs [1.0 2.0])
(foreach n [x xs] (sample "y" (normal x 1)))
