(let [x (sample "x" (normal 0 1)); y 2]
  x)
