(let [a (sample "a" (normal 0 1))]
  (sample "y" (normal a/2 1)))
