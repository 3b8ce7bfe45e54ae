(loop [i 0 acc 1] (+ i acc))
