; One unknown mean and two measurements of it.
(let [mean (sample (normal 0 3))
      measured (normal mean 1.5)]
  (observe measured 7.5)
  (observe measured 9)
  mean)
