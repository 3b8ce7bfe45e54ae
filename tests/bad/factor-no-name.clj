(let [x (sample "x" (normal 0 1))]
  (factor (< x 3))
  x)
