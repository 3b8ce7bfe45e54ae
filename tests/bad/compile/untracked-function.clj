(let [f (untracked (fn [x] (+ x 1)))]
  (sample "x" (normal 0 1)))
