(map (fn twice [x] (* 2 x)) [1 2])
