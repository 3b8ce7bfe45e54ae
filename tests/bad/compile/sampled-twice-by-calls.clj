(defn noise [] (sample "e" (normal 0 1)))
(let [a (noise)
      b (noise)]
  (+ a b))
