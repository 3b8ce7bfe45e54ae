(def 3 k)
