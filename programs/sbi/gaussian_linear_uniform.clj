; Gaussian linear uniform (Lueckmann et al. 2021, T.2): Gaussian linear under a uniform prior.
; The variance of the noise is 0.1.
(def d 10)

(let [theta (foreach d [i (range d)]
              (sample "theta" (uniform -1 1)))]
  (foreach d [i (range d)]
    (sample "x" (normal (get theta i) (sqrt 0.1)))))

(given "x")
