(foreach 2 [i (range 2)]
  (if (= i 0)
    (sample "x" (normal 0 1))
    (sample "x" (bernoulli 0.5))))
