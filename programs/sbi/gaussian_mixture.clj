; Gaussian mixture (Lueckmann et al. 2021, T.7): two Gaussians of one mean; a coin, tossed once
; for both dimensions, chooses the broad or the narrow one.
(let [theta (foreach 2 [i (range 2)]
              (sample "theta" (uniform -10 10)))
      broad (sample "broad" (bernoulli 0.5))]
  (foreach 2 [i (range 2)]
    (sample "x" (normal (get theta i) (if broad 1 0.1)))))

(given "x")
