(let [x (sample "x" (normal 0 1)) y (sample "y" (dirac (* 2 x)))]
  (factor "f" = y (* 2 x)))
