(defn dot [a b]
  (loop (count a) 0 add a b)

(let [x (sample "x" (normal 0 1))]
  x)
