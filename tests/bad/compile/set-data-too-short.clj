; --set xs=[1.0, 2.0]
(def xs [1.0 2.0 3.0])
(foreach 3 [x xs] (sample "y" (normal x 1)))
