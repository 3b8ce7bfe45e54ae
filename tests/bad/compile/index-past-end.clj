(def n 4)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)]
    (factor "order" (<= (get x i) (get x (+ i 1))))))
