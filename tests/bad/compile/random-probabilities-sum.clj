(let [p (sample "p" (uniform 0 1))]
  (sample "x" (categorical [p p])))
