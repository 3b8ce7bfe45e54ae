(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (let [k (sample "k" (dirac (floor (exp (first x)))))]
    (get x k)))
