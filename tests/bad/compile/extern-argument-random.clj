(let [n (sample "n" (categorical [0.5 0.5]))
      g (extern random-gates n)]
  (first g))
