(def k 010)
(sample "x" (normal k 1))
