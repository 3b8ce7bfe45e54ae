(defn ^{:seed 1} f [x] x)
