(defn f [x] x)
(f)
