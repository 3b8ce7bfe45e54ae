(let [a (sample "x" (normal 0 1))]
  (foreach 3 [i (range 3)]
    (sample "x" (normal a 1))))
