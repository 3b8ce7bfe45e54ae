(let [x (sample "x" (normal 0 1))]
  (observe "y" (normal x 1) (+ x 1)))
