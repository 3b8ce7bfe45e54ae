(hash-map :a 1 :b)
