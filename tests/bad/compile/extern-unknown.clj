(let [g (extern sudoku 3)]
  (sample "x" (dirac (get-in g [0 0 0 0]))))
