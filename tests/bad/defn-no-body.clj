(defn f [x])
(f 1)
