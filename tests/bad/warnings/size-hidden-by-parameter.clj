(def k 4)
(defn row [mu k]
  (foreach k [i (range k)] (sample "x" (normal mu 1))))
(row (sample "mu" (normal 0 1)) (- k 1))
