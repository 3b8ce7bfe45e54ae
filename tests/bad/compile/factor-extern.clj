(let [g (extern sudoku-grid 2)
      x (sample "x" (dirac (get-in g [0 0 0 0])))]
  (factor "row" (distinct? (get-in g [0 0]))))
