(def xs [])
(sample "x" (normal (last xs) 1))
