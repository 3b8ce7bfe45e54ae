(map (fn) [1 2])
