(let [xs (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (factor "f" (> xs 0)))
