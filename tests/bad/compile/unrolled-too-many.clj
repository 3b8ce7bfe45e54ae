(def n 30000)
(loop n 0 (fn [t state] (sample "x" (normal (* 0.5 state) 1))))
