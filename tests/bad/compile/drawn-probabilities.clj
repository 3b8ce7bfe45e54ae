(let [a (sample "a" (gamma 1 1))
      b (sample "b" (gamma 1 1))]
  (sample "z" (categorical [a b])))
