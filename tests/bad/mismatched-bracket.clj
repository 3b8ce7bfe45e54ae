(let [x (sample "x" (normal 0 1))
      y (+ x 1)
  (* x y))
