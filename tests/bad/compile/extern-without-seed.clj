(def gates (extern random-gates 15))
(sample "x" (bernoulli 0.5))
