(let [a 2 b 3]
  (sample "C" (* a b)))
