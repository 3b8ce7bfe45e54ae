(sample "x" (student-t 4 0 -1))
