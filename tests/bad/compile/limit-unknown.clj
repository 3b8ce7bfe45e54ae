; --limit node=10
(sample "x" (normal 0 1))
