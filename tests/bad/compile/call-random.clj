(let [x (sample "x" (normal 0 1))
      f (if true x 0)]
  (f 1))
