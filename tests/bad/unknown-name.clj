(let [mean-height (sample "m" (normal 170 10))]
  (sample "h" (normal mean_height 5)))
