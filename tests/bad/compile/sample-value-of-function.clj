(defn centre [x] (- x 1))
(sample "y" (centre (sample "x" (normal 0 1))))
