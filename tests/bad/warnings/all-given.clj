(let [x (sample "x" (normal 0 1))]
  (sample "y" (normal x 1)))
(given "x")
(given "y")
