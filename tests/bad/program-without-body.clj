(def k 3)
(defn f [x] (+ x k))
