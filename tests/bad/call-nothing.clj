(let [x ()] x)
