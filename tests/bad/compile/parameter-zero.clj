(def rate (- 2 2))
(sample "x" (exponential rate))
