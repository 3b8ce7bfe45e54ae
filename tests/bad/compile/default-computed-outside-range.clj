(def ^{:in [2 10]} n 4)
(def ^{:in [2 10]} pairs (* n (- n 1)))
(foreach pairs [i (range pairs)] (sample "x" (normal 0 1)))
