(let [y (let [x 1] x)]
  (+ x y))
