; Simple likelihood, complex posterior (Lueckmann et al. 2021, T.3): four points from a Gaussian
; in the plane, whose mean and covariance are functions of theta.
(def n 4)

(let [theta (foreach 5 [] (sample "theta" (uniform -3 3)))
      s1 (square (get theta 2))
      s2 (square (get theta 3))
      covariance (* (tanh (get theta 4)) s1 s2)
      mean [(get theta 0) (get theta 1)]]
  (foreach n [i (range n)]
    (sample "x" (multivariate-normal mean [[(+ (square s1) 1e-6) covariance]
                                           [covariance (+ (square s2) 1e-6)]]))))

(given "x")
