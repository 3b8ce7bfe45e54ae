(def k 4)
(defn row [k]
  (foreach k [i (range k)] (sample "x" (normal 0 1))))
(row (- k 1))
