(let [z (sample "z" (categorical [0.5 0.5]))
      f (get [(fn [x] x) (fn [x] (* 2 x))] z)]
  (f 1))
