(defn f [x] (g (+ x 1)))
(defn g [x] (map h [x]))
(defn h [x]
  (+ 1 (f x)))
(f 1)
