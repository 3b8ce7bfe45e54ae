(extern "sudoku-grid" 3)
