(let [x (sample "x" (normal 0 1))]
  (sample "y" (dirac (log x))))
