(let [x (sample A (normal 0 1))] x)
