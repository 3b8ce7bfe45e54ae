(def n 0)
(let [xs (foreach n [i (range n)] (sample "x" (normal 0 1)))
      z (sample "z" (categorical [0.5 0.5]))]
  (sample "y" (normal (get xs z) 1)))
