(defn matmul [a b] (* a b))
(matmull 2 3)
