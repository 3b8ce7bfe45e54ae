; Eight schools (Rubin 1981): effects of coaching, estimated school by school, each with its
; standard error. Rubin's priors on mu and tau are flat; these can be drawn from.
(def effects [28 8 -3 7 -1 1 18 12])
(def errors [15 10 16 11 9 11 10 18])

(let [mu (sample "mu" (normal 0 10))
      tau (sample "tau" (exponential 0.1))]
  (foreach 8 [school (range 8)]
    (let [theta (sample "theta" (normal mu tau))]
      (observe "y" (normal theta (get errors school)) (get effects school)))))

(given "y")
