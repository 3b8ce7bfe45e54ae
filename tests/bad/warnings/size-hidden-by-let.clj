(def ^{:in [2 10]} n 5)
(let [n (sample "n" (normal 0 1))
      x (foreach 3 [i (range 3)] (sample "x" (normal n 1)))]
  x)
