(def f [x] (* x 2))
(sample "x" (normal (f 1) 1))
