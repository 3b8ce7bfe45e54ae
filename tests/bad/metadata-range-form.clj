(def ^{:in 10} k 3)
k
