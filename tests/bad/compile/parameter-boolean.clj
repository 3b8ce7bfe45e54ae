(let [b (sample "b" (bernoulli 0.5))]
  (sample "x" (normal b 1)))
