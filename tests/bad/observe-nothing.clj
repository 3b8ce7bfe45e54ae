(observe "y")
