; The circuit of programs/boolean.clj without intermediate variables: inputs and one output.
(def n 4)
(def inputs (pow 2 n))
(def ^{:seed 0} gates (extern random-gates (- inputs 1)))

(defn gate [g values]
  (let [a (get values (* 2 g))
        b (get values (+ (* 2 g) 1))]
    (conj values (if (get gates g) (and a b) (or a b)))))

(let [x (foreach inputs [i (range inputs)]
          (sample "x" (bernoulli 0.5)))]
  (sample "y" (dirac (last (loop (- inputs 1) x gate)))))

(given "x")
