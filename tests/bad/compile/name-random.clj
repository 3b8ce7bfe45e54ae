(let [z (sample "z" (categorical [0.5 0.5]))]
  (sample (str "x" z) (normal 0 1)))
