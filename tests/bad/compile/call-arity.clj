(defn apply-to [f x] (f x))
(apply-to (fn [a b] (+ a b)) (sample "x" (normal 0 1)))
