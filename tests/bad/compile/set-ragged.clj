; --set xs=[[1, 2], [3]]
(def xs [[1 2] [3 4]])
(foreach 2 [row xs] (sample "x" (normal (sum row) 1)))
