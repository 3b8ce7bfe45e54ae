(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (if (> (first x) 0) x 0))
