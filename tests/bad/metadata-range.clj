(def ^{:in [10 1]} k 3)
k
