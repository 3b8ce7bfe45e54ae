; Binary-continuous matrix factorisation: E = A R with A continuous and R binary.
; Every product is a variable C of its own, so that each relation is a simple one.
(def ^{:in [1 10]} m 5)
(def ^{:in [1 10]} n 5)
(def ^{:in [1 10]} k 3)

(let [A (foreach m [i (range m)]
          (foreach k [t (range k)]
            (sample "A" (uniform 0 1))))
      R (foreach k [t (range k)]
          (foreach n [j (range n)]
            (sample "R" (bernoulli 0.3))))]
  (foreach m [i (range m)]
    (foreach n [j (range n)]
      (sample "E" (dirac (sum (foreach k [t (range k)]
                                (sample "C" (dirac (* (get-in A [i t])
                                                      (get-in R [t j])))))))))))

(given "E")
