; Does it rain? It is one of two coins, by the clouds; the grass is wet, and the sprinkler runs.
(let [cloudy (sample (flip 0.5))
      rain (if cloudy
             (sample (flip 0.75))
             (sample (flip 0.25)))
      sprinkler true]
  (observe (if cloudy (flip 0.15) (flip 0.5)) sprinkler)
  (observe (if (and sprinkler rain)
             (flip 0.95)
             (if (or sprinkler rain) (flip 0.85) (flip 0.05)))
           true)
  rain)
