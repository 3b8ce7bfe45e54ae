(let [x (sample "x" (normal 0 1))]
  (sample "y" (normal (log x) 1)))
