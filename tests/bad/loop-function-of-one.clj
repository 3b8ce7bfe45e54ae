(loop 3 0 (fn [acc] (+ acc 1)))
