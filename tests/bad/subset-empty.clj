(given (subset))
(sample "A" (normal 0 1))
