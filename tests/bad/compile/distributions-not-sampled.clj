(let [xs (foreach 3 [i (range 3)] (normal 0 1))]
  (sample "y" (normal (sum xs) 1)))
