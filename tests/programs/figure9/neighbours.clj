; Sorting as the paper's main experiment has it: neighbours in s are in order.
(def n 6)

(let [u (foreach n [j (range n)] (sample "u" (normal 0 1)))
      order (untracked (argsort u))
      P (foreach n [i (range n)]
          (foreach n [j (range n)]
            (sample "P" (dirac (untracked (= (get order i) j))))))
      s (foreach n [i (range n)]
          (sample "s" (dirac (sum (foreach n [j (range n)]
                                    (sample "C" (dirac (* (get-in P [i j]) (get u j)))))))))]
  (foreach n [i (range n)] (factor "row" (one-hot? (get P i))))
  (foreach n [j (range n)] (factor "column" (one-hot? (foreach n [i (range n)] (get-in P [i j])))))
  (foreach (- n 1) [i (range (- n 1))]
    (factor "order" (<= (get s i) (get s (+ i 1))))))

(given "u")
