(let [m {"mean" 0}] (sample "x" (normal (get m :mean) 1)))
