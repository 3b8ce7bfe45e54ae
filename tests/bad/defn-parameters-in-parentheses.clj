(defn f (x) (sample "y" (normal x 1)))
(f 1)
