(let [g (extern sudoku-grid 0)]
  (sample "x" (dirac (get-in g [0 0 0 0]))))
