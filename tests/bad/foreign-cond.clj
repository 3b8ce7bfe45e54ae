(cond (< 1 2) 3 true 4)
