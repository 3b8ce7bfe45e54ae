(def k 1e999)
