(defn f [xs] (sample "y" (normal (xs 0) 1)))
(f (foreach 3 [i (range 3)] (sample "x" (normal 0 1))))
