(let [x (3 4)] x)
