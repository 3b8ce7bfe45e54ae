(let [x 1]
  (def y 2)
  (+ x y))
