(let [x (sample "x" (normal 0 1))
      y (sample "y" (normal x 1))
  (sample "z" (normal y 1)))
