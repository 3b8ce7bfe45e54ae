(def ^{:seed 0} g (extern random-gates))
(sample "x" (normal 0 1))
