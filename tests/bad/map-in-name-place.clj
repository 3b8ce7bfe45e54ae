(defn {:a 1} [x] x)
