(def n 0)
(sample "y" (normal (reduce (fn [a b] (- a b)) (range n)) 1))
