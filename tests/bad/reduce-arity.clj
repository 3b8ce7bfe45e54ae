(reduce (fn [x] x) 0 [1 2])
