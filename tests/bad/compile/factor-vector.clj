(let [xs (foreach 3 [i (range 3)] (sample "x" (uniform 0 1)))]
  (factor "f" (map (fn [x] (> x -1)) xs)))
