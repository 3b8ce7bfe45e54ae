(def first-gate (first (extern random-gates 3)))
(sample "x" (bernoulli (if first-gate 0.1 0.9)))
