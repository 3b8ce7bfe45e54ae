(def ^{:seed "a"} gates (extern random-gates 16))
gates
