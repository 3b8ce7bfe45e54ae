(let [A [1 2]] (sample A (normal 0 1)))
