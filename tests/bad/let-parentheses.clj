(let ((x (sample "x" (normal 0 1)))) x)
