(let [x (sample "x" (normal 0 1))]
  (sample "y" (bernoulli x)))
