(let [a (sample "a" (uniform-discrete 0 3))
      b (sample "b" (uniform-discrete 0 3))]
  (factor "different" (not= a b)))
