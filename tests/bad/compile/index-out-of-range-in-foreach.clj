(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (foreach 3 [i (range 3)]
    (sample "d" (dirac (- (get x (+ i 1)) (get x i))))))
