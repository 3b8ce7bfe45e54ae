(let [2x (sample "x" (normal 0 1))] 2x)
