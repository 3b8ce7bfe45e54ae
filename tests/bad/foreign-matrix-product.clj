(let [A [[1 2] [3 4]] v [1 2]] (sample "x" (normal (first A @ v) 1)))
