(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (if x 1 0))
