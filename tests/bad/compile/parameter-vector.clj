(defn noisy [mean] (sample "y" (normal mean 1)))
(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (noisy x))
