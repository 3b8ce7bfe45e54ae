(map (fn (x) (* x 2)) [1 2])
