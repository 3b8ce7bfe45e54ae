(def ^:dynamic k 3)
