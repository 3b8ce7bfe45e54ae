(let [m {:mean 0 :std 1}]
  (sample "x" (normal (get m :mu) (get m :std))))
