(let [n (sample "n" (categorical [0.5 0.5]))]
  (foreach n [i (range n)] (sample "x" (normal 0 1))))
