(let [x (sample "x" (normal 0 1))]
  (sample "y" (normal 0 x)))
