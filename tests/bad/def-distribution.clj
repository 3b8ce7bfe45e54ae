(defn normal [x] x)
(normal 3)
