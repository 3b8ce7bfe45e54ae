(defn f [x: float] (* x 2))
(f 1)
