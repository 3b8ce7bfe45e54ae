(let [y (sample "y" (normal x 1))
      x (sample "x" (normal 0 1))]
  y)
