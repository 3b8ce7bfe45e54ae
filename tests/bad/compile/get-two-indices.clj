(let [A (foreach 3 [i (range 3)] (foreach 2 [t (range 2)] (sample "A" (normal 0 1))))]
  (foreach 3 [i (range 3)]
    (sample "y" (normal (get A i 0) 1))))
