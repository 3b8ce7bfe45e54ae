(let [x (foreach 9 [i (range 9)] (sample "x" (uniform-discrete 0 3)))
      p (argsort x)]
  (factor "order" (<= (get x 0) (+ 9 (get p 0)))))
