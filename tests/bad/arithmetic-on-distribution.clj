(let [x (+ 3 (normal 0 1))] x)
