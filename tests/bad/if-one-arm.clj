(let [x (sample "x" (bernoulli 0.5))]
  (if x 1))
