(defn twice [f x] (f (f x)))
(twice 2 (sample "x" (normal 0 1)))
