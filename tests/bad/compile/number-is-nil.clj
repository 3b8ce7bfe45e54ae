(let [done (factor "f" (> (sample "x" (uniform 0 1)) -1))]
  (+ done 1))
