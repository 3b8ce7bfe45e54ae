; Matrix inversion: E = A R with all entries normal. Trained with A and E given,
; asked with E = I, the network finds R = A^-1.
(def n 5)

(let [A (foreach n [i (range n)]
          (foreach n [t (range n)]
            (sample "A" (normal 0 1))))
      R (foreach n [t (range n)]
          (foreach n [j (range n)]
            (sample "R" (normal 0 1))))]
  (foreach n [i (range n)]
    (foreach n [j (range n)]
      (sample "E" (dirac (sum (foreach n [t (range n)]
                                (sample "C" (dirac (* (get-in A [i t])
                                                      (get-in R [t j])))))))))))

(given "A" "E")
