(let [x (sample "x" (normal 0 1))]
  (if x 1 0))
