; A Boolean circuit: 2^n inputs, and a tree of 2^n - 1 gates, each `and` or `or`, chosen once.
; Gate g reads values 2g and 2g + 1 of the list that starts with the inputs and grows by every
; gate's output. The last gate is the circuit's output.
(def n 4)
(def inputs (pow 2 n))
(def ^{:seed 0} gates (extern random-gates (- inputs 1)))

(defn gate [g values]
  (let [a (get values (* 2 g))
        b (get values (+ (* 2 g) 1))]
    (conj values (sample "y" (dirac (if (get gates g) (and a b) (or a b)))))))

(let [x (foreach inputs [i (range inputs)]
          (sample "x" (bernoulli 0.5)))]
  (loop (- inputs 1) x gate))

(given "x")
