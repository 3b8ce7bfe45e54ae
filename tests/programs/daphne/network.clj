; A Bayesian neural network with two hidden layers of ten units, at five points.
(defn times [a b]
  (foreach (count a) [row a]
    (foreach (count (first b)) [j (range (count (first b)))]
      (sum (foreach (count b) [k (range (count b))]
             (* (get row k) (get-in b [k j])))))))

(defn layer [weights biases inputs]
  (foreach (count weights) [row (times weights inputs) bias biases]
    (foreach (count row) [x row]
      (tanh (+ x bias)))))

(def units 10)

(let [prior (normal 0 1)
      w0 (foreach units [] (foreach 1 [] (sample "W0" prior)))
      w1 (foreach units [] (foreach units [] (sample "W1" prior)))
      w2 (foreach 1 [] (foreach units [] (sample "W2" prior)))
      b0 (foreach units [] (sample "b0" prior))
      b1 (foreach units [] (sample "b1" prior))
      b2 (foreach 1 [] (sample "b2" prior))
      outputs (layer w2 b2 (layer w1 b1 (layer w0 b0 [[-1 -0.5 0 0.5 1]])))]
  (foreach 5 [mean (first outputs) y [0.9 0.3 0.1 0.2 0.8]]
    (observe "y" (normal mean 1) y)))
