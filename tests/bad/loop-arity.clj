(defn step [t acc xs] (+ acc (get xs t)))
(loop 3 0 step [1 2 3] [4 5 6])
