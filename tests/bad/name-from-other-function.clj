(defn f [x] (let [scale 3] (* scale x)))
(* scale (f 2))
