(let [b (sample "b" (bernoulli 0.5))]
  (sample "y" (dirac (if !b 1 0))))
