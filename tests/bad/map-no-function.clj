(map [1 2] inc)
