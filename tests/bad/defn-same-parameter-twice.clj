(defn f [x y x] (+ x y))
(f 1 2 3)
