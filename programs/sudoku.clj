; Sudoku: complete grids, close to uniform. A cell stands in a band and a row of it, a stack and
; a column of it; rows, columns and boxes hold different digits (numbered from 0).
(def n 3)

(let [grid (extern sudoku-grid n)
      cell (foreach n [band (range n)]
             (foreach n [row (range n)]
               (foreach n [stack (range n)]
                 (foreach n [column (range n)]
                   (sample "cell" (dirac (get-in grid [band row stack column])))))))]
  (foreach n [band (range n)]
    (foreach n [row (range n)]
      (factor "row" (distinct? (get-in cell [band row])))))
  (foreach n [stack (range n)]
    (foreach n [column (range n)]
      (factor "column" (distinct? (foreach n [band (range n)]
                                    (foreach n [row (range n)]
                                      (get-in cell [band row stack column])))))))
  (foreach n [band (range n)]
    (foreach n [stack (range n)]
      (factor "box" (distinct? (foreach n [row (range n)]
                                 (foreach n [column (range n)]
                                   (get-in cell [band row stack column])))))))
  cell)

(given (subset "cell"))
