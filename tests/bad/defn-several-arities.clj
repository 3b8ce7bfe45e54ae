(defn f ([x] x) ([x y] (+ x y)))
(f 1)
