(let [A (foreach 3 [i (range 3)] (foreach 2 [t (range 2)] (sample "A" (normal 0 1))))]
  (sample "y" (normal (sum A) 1)))
