(defn dot [a b]
  (sum (map * a b)))
(dot [1 2] [3 4] [5 6])
