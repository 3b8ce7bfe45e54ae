(plate "i" 3 (sample "x" (normal 0 1)))
