(let [b (foreach 2 [i (range 2)] (sample "b" (bernoulli 0.5)))]
  (sample "c" (dirac b)))
