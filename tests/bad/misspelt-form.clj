(smaple "x" (normal 0 1))
