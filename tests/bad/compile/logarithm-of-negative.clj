(sample "x" (normal (log -1) 1))
