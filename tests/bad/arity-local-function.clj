(let [twice (fn [x] (* 2 x))]
  (twice 1 2))
