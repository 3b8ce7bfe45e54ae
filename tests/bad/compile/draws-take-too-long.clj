(let [grid (extern sudoku-grid 20)]
  (sample "x" (dirac (get-in grid [0 0 0 0]))))
