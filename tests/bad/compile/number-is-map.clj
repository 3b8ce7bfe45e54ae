(defn shift [m] (+ m 1))
(sample "x" (normal (shift {:a 1}) 1))
