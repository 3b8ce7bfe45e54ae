(def xs [[1 2] [3]])
(foreach 2 [i (range 2)] (foreach 2 [j (range 2)] (sample "y" (normal (get-in xs [i j]) 1))))
