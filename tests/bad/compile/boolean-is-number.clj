(let [x (sample "x" (normal 0 1))]
  (and x (> x 1)))
