(let [c (sample "c" (bernoulli 0.5))]
  (sample "x" (if c (normal 0 1) (uniform 0 1))))
