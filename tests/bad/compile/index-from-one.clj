(let [xs (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (foreach 3 [i (range 1 4)]
    (sample "y" (normal (get xs i) 1))))
