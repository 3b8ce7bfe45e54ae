(let [g (extern read-file 3)]
  (sample "x" (dirac (first g))))
