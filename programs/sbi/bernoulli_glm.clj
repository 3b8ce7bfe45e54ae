; Bernoulli GLM, raw (Lueckmann et al. 2021, T.6): n coins, whose log odds are an offset plus the
; last m values of a stimulus, weighted by a filter f. (D^2 + diag sqrt(j / m)) f is standard normal,
; where D takes differences: the filter is a chain of second order, smoothest at its start.
(def n 100)
(def m 9)
(def ^{:seed 0} stimulus (extern white-noise n))
(def padded (concat (foreach (- m 1) [] 0) stimulus))

(defn weight [j f]
  (let [scale (+ 1 (sqrt (/ j m)))
        mean (- (* 2 (get f (- j 1) 0)) (get f (- j 2) 0))]
    (conj f (sample "f" (normal (/ mean scale) (/ 1 scale))))))

(let [offset (sample "offset" (normal 0 (sqrt 2)))
      f (loop m [] weight)]
  (foreach n [t (range n)]
    (let [drive (sum (foreach m [j (range m)]
                       (* (get f j) (get padded (- (+ t m) (+ j 1))))))]
      (sample "x" (bernoulli (sigmoid (+ offset drive)))))))

(given "x")
