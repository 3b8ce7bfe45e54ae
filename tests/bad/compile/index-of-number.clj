(let [x (sample "x" (normal 0 1))]
  (get (+ x 1) 0))
