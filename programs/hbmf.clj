; Hierarchical binary-continuous matrix factorisation: E = A R, where R = R1 R2 is itself
; a product of binary matrices. D and C hold the products that the two sums are made of.
(def ^{:in [1 10]} m 5)
(def ^{:in [1 10]} n 5)
(def ^{:in [1 10]} k 3)
(def l 2)

(let [A (foreach m [i (range m)]
          (foreach k [t (range k)]
            (sample "A" (uniform 0 1))))
      R1 (foreach k [t (range k)]
           (foreach l [s (range l)]
             (sample "R1" (bernoulli 0.3))))
      R2 (foreach l [s (range l)]
           (foreach n [j (range n)]
             (sample "R2" (bernoulli 0.3))))
      R (foreach k [t (range k)]
          (foreach n [j (range n)]
            (sample "R" (dirac (sum (foreach l [s (range l)]
                                      (sample "D" (dirac (and (get-in R1 [t s])
                                                              (get-in R2 [s j]))))))))))]
  (foreach m [i (range m)]
    (foreach n [j (range n)]
      (sample "E" (dirac (sum (foreach k [t (range k)]
                                (sample "C" (dirac (* (get-in A [i t])
                                                      (get-in R [t j])))))))))))

(given "E")
