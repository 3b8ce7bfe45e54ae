(let [b (sample "b" (bernoulli 0.5))]
  (sample "x" (normal (sum (if b [1 2] [1 2 3])) 1)))
