(let [c (sample "c" (bernoulli 0.5))]
  (sample (if c "a" "b") (normal 0 1)))
