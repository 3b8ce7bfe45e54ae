(def k)
k
