; Sorting: s = P u, where P is the permutation that a sorting routine finds. The graph knows
; nothing of the routine: P's rows and columns are one-hot, C holds the products, s is in order.
(def ^{:in [2 40]} n 10)

(let [u (foreach n [j (range n)]
          (sample "u" (normal 0 1)))
      order (untracked (argsort u))
      P (foreach n [i (range n)]
          (foreach n [j (range n)]
            (sample "P" (dirac (untracked (= (get order i) j))))))
      s (foreach n [i (range n)]
          (sample "s" (dirac (sum (foreach n [j (range n)]
                                    (sample "C" (dirac (* (get-in P [i j]) (get u j)))))))))]
  (foreach n [i (range n)]
    (factor "row" (one-hot? (get P i))))
  (foreach n [j (range n)]
    (factor "column" (one-hot? (foreach n [i (range n)] (get-in P [i j])))))
  (foreach (- n 1) [i (range (- n 1))]
    (factor "order" (<= (get s i) (get s (+ i 1)))))
  s)

(given "u")
