(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (sample "y" (normal (sum (map (fn [n] (* 2 n)) x)) 1)))
