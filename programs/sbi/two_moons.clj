; Two moons (Lueckmann et al. 2021, T.8): a point on a half circle of radius r, at the angle a,
; moved by theta. The posterior has two modes, each a crescent.
(def pi (* 4 (atan 1)))

(let [theta (foreach 2 [] (sample "theta" (uniform -1 1)))
      a (sample "a" (uniform (/ pi -2) (/ pi 2)))
      r (sample "r" (normal 0.1 0.01))
      x (/ (abs (+ (first theta) (second theta))) (sqrt 2))
      y (/ (- (second theta) (first theta)) (sqrt 2))]
  (foreach 2 [v [(+ (* r (cos a)) (- 0.25 x))
                 (+ (* r (sin a)) y)]]
    (sample "x" (dirac v))))

(given "x")
