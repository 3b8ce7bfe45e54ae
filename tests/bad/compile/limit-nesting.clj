; --limit nesting=1000000
(sample "x" (normal 0 1))
