; --limit steps=100
(foreach 10 [i (range 10)]
  (foreach 10 [j (range 10)]
    (if (< i j) (sample (str "x" i j) (normal 0 1)) 0)))
