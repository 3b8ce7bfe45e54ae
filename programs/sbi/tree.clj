; The tree of Simformer (Gloeckler et al. 2024): theta1 has two children, each of these two
; children of its own, which are functions of it with noise. Any variables may be given.
(let [theta1 (sample "theta1" (normal 0 1))
      theta2 (sample "theta2" (normal theta1 1))
      theta3 (sample "theta3" (normal theta1 1))]
  (sample "x1" (normal (square (sin theta2)) 0.2))
  (sample "x2" (normal (* 0.1 (square theta2)) 0.2))
  (sample "x3" (normal (* 0.1 (square theta3)) 0.6))
  (sample "x4" (normal (square (cos theta3)) 0.1)))
