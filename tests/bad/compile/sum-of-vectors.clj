(let [xs (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))
      ys (foreach 3 [i (range 3)] (sample "y" (normal 0 1)))]
  (sample "z" (normal (sum (+ xs ys)) 1)))
