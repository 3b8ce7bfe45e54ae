(foreach 2 [i (range 2)]
  (if (= i 0)
    (sample "x" (categorical [0.5 0.5]))
    (sample "x" (categorical [0.2 0.3 0.5]))))
