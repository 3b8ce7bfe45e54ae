(sample "y" (normal (sum (map (exp) [1 2 3])) 1))
