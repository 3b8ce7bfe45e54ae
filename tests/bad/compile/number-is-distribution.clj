(defn prior [] (normal 0 1))
(sample "x" (normal (prior) 1))
