(let [1 x] x)
