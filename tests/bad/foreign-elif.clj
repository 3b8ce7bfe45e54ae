(let [x (sample "x" (normal 0 1))]
  (sample "y" (normal (elif (> x 0) 1 0) 1)))
