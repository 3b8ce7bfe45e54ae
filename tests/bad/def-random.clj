(defn noise [] (sample "noise" (normal 0 1)))
(defn start [] (+ 1 (noise)))
(def x (start))
x
