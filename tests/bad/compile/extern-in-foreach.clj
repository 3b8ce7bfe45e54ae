(foreach 2 [i (range 2)]
  (let [g (extern random-gates 3)]
    (sample "x" (dirac (first g)))))
