(let [x (sample "x" (normal 0 1))]
  (factor positive (> x 0)))
