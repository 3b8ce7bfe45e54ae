(let [xs [1 2 3]]
  (sample "x" (normal (get-in xs [0 1]) 1)))
