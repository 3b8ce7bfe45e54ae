(def ^{:in [2 10]} n 50)
(foreach n [i (range n)] (sample "x" (normal 0 1)))
