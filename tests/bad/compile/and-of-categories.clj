(let [b (sample "b" (categorical [0.5 0.5]))
      c (sample "c" (categorical [0.5 0.5]))]
  (sample "d" (dirac (and b c))))
