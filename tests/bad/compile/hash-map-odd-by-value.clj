(defn make [f] (f :a 1 :b))
(sample "x" (normal (get (make hash-map) :a) 1))
