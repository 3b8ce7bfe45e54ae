(defn f [x] (sample "y" (normal (x + 1) 1)))
(f (sample "x" (normal 0 1)))
