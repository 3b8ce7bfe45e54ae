(def depth 3)
(def inputs (pow 2 depth))
(let [inputs (foreach inputs [i (range inputs)] (sample "x" (bernoulli 0.5)))
      depth 1]
  (sample "y" (dirac (sum inputs))))
