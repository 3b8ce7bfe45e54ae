(let [A (foreach 2 [i (range 2)] (foreach 2 [j (range 2)] (sample "A" (normal 0 1))))]
  (sample "B" (dirac A)))
