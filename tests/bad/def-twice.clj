(def k 3)
(def n 4)
(def k 5)
k
