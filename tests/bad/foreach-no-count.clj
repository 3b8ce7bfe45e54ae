(foreach [x [1 2 3]] (* 2 x))
