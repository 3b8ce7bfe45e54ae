(foreach 5 [i (range 5)]
  (let [x (sample "x" (normal 0 1))]
    (sample "y" (dirac (log x)))))
