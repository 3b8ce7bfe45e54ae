(sample "x" (student-t 0 1 4))
