(import numpy)
(sample "x" (normal 0 1))
