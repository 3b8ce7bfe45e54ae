(def n 4000)
(let [x (sample "x" (normal 0 1))]
  (sample "y" (dirac (sum (foreach n [i (range n)] (sum (foreach n [j (range n)] (* x i j))))))))
