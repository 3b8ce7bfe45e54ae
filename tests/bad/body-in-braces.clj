(foreach 3 [i (range 3)] { (sample "x" (normal i 1)) })
