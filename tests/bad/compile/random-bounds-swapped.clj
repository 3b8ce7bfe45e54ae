(let [a (sample "a" (normal 0 1))
      b (sample "b" (normal 0 1))]
  (sample "x" (uniform a b)))
