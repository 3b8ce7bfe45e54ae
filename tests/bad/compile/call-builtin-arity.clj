(defn apply-to [f x] (f x))
(apply-to pow (sample "x" (normal 0 1)))
