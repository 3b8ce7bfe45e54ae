(def k 4)
(sample "x" (categorical (foreach k [i (range k)] (/ 1 3))))
