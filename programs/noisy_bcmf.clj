; Noisy binary-continuous matrix factorisation: E is A R with noise in every entry, A continuous and R binary.
; Entries of E may be missing: what is asked for is everything that could have made those that are known.
(def ^{:in [1 10]} m 5)
(def ^{:in [1 10]} n 5)
(def ^{:in [1 10]} k 2)
(def noise 0.1)

(let [A (foreach m [i (range m)]
          (foreach k [t (range k)]
            (sample "A" (uniform 0 1))))
      R (foreach k [t (range k)]
          (foreach n [j (range n)]
            (sample "R" (bernoulli 0.3))))]
  (foreach m [i (range m)]
    (foreach n [j (range n)]
      (let [products (foreach k [t (range k)]
                       (sample "C" (dirac (* (get-in A [i t]) (get-in R [t j])))))]
        (sample "E" (normal (sum products) noise))))))

(given (subset "E"))
