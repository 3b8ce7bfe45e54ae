; --limit size=10
(foreach 11 [] (sample "x" (normal 0 1)))
