"""A program that is structure alone."""

SHAPE = """
(def n 3)
(let [a (sample "a" (normal 0 1))]
  (foreach n [i (range n)]
    (let [x (sample "x" (normal 0 a))]
      (sample "y" (dirac (* 2 x)))))
  (factor "small" (< a -1)))
"""
"""Nothing of it could be drawn: its scale may be negative, and its factor seldom holds."""
