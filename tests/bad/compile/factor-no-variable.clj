(def n 3)
(let [x (sample "x" (normal 0 1))]
  (factor "odd" (= (mod n 2) 1)))
