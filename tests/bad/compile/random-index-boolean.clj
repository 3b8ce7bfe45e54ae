(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (let [b (sample "b" (bernoulli 0.5))]
    (get [0 1] b)))
