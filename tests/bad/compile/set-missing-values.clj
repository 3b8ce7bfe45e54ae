; --set xs=[1.0, NaN]
(def xs [1.0 2.0])
(foreach 2 [x xs] (sample "y" (normal x 1)))
