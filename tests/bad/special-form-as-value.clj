(map if [true false])
