(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (factor "sum" (+ (get x 0) (get x 1))))
