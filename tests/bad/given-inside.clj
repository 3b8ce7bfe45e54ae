(let [x (sample "x" (normal 0 1))]
  (given "x")
  x)
