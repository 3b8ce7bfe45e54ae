(sample "x" (dist.Normal 0 1))
