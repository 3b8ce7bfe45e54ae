(defn pick [p] (sample "x" (categorical p)))
(pick 0.5)
