(let [a (sample "x" (normal 0 1))
      b (sample "x" (normal 0 1))]
  (+ a b))
