(def if 3)
