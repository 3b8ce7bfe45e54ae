(let [x (sample "x" (normal 0 1))]
  (sample "y" (normal (if x > 0 1 2) 1)))
