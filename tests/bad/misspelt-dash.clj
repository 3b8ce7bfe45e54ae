(def num-rows 3)
(foreach num_rows [i (range num_rows)] (sample "x" (normal 0 1)))
