(def area (square 3))
(defn square [x] (* scale (* x x)))
(def scale 2)
area
