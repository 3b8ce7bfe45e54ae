(given E)
(sample "E" (normal 0 1))
