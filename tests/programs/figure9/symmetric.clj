; Sorting with s fully connected by a factor that is the same for every order of s.
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
  (factor "order" (distinct? s))
  s)

(given "u")
