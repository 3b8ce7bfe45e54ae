(sample "x" [(normal 0 1) (normal 0 1)])
