(def xs [1.0 2.0])
(foreach xs [x xs] (sample "x" (normal x 1)))
