; --limit nodes=0
(sample "x" (normal 0 1))
