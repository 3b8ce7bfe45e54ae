(let [m (hash-map :a 1)]
  (sample "x" (normal (get (conj m 2) :a) 1)))
