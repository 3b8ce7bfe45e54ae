(subset "A")
