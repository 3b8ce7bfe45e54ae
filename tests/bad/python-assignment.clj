n = 3
(foreach n [i (range n)] (sample "x" (normal 0 1)))
