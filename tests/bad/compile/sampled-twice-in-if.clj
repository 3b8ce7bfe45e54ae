(let [b (sample "b" (bernoulli 0.5))]
  (if b (sample "x" (normal 0 1)) (sample "x" (normal 5 1))))
