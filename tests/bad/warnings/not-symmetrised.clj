; --no-symmetrise
(let [a (sample "a" (normal 0 1))]
  (sample "b" (normal a 1)))
