(defn f [x & ys] x)
(f 1)
