(let [z (sample "z" (bernoulli 0.5))]
  (get {true 1 false 0} z))
