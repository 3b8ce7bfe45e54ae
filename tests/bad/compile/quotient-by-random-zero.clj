(let [z (sample "z" (categorical [0.5 0.5]))]
  (factor "f" (>= (quot 4 z) 0)))
