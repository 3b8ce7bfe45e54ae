(def k 1_000)
