(defn f (+ 1 2))
(f)
