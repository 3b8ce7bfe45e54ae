(map (fn [x]) [1 2])
