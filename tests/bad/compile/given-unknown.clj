(let [E (sample "E" (normal 0 1))]
  E)
(given "e")
