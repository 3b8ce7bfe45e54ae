; --limit table=1000
(def n 20)
(let [a (foreach n [i (range n)] (foreach n [j (range n)] (+ i j)))
      b (foreach n [i (range n)] (foreach n [j (range n)] (* i j)))
      c (foreach n [i (range n)] (foreach n [j (range n)] (- i j)))]
  (sample "x" (normal (get-in c [1 2]) 1)))
