(let [(sample "x" (normal 0 1)) x] x)
