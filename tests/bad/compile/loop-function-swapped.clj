(let [x (loop 3 0 (fn [acc t] (conj acc t)))]
  (sample "y" (normal (sum x) 1)))
