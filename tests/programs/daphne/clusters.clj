; A Gaussian mixture: three clusters of unknown place, width and share, seven points.
(def points [0.9 2.2 1.9 2.1 -0.2 0.1 -0.1])

(let [clusters (foreach 3 []
                 (let [place (sample "place" (normal 0 10))
                       width (sample "width" (gamma 1 1))]
                   (normal place width)))
      shares (sample "shares" (dirichlet [1 1 1]))]
  (foreach 7 [point points]
    (let [cluster (sample "cluster" (discrete shares))]
      (observe "point" (get clusters cluster) point)
      cluster)))
