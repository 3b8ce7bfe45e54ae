; --layers 2
(loop 6 0 (fn [t state] (sample "x" (normal state 1))))
