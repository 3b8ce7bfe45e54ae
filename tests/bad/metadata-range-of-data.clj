(def ^{:in [1 10]} xs [1.0 2.0])
xs
