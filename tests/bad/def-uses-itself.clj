(def k (+ k 1))
k
