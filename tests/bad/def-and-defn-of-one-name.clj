(defn k [x] x)
(def k 5)
k
