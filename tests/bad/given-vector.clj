(let [E (sample "E" (normal 0 1)) D (sample "D" (normal E 1))] E)
(given ["E" "D"])
