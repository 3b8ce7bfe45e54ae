(let [g (extern sudoku-grid 3 3)]
  (sample "x" (dirac (get-in g [0 0 0 0]))))
