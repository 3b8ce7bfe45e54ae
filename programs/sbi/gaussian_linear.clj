; Gaussian linear (Lueckmann et al. 2021, T.1): the mean of a Gaussian, element by element.
; Both variances are 0.1.
(def d 10)

(let [theta (foreach d [i (range d)]
              (sample "theta" (normal 0 (sqrt 0.1))))]
  (foreach d [i (range d)]
    (sample "x" (normal (get theta i) (sqrt 0.1)))))

(given "x")
