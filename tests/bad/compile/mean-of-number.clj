(let [a (sample "a" (normal 0 1))]
  (sample "y" (normal (mean a) 1)))
