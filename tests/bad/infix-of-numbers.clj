(def m (3 * 2))
(foreach m [i (range m)] (sample "x" (normal 0 1)))
