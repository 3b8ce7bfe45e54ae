(given "A" (subset "A" "B"))
(sample "A" (normal 0 1))
