(let [xs [1 2]] (reduce xs 0))
