"""A program with a variable of every kind and support, and `dirac` variables of several."""

from __future__ import annotations

from functools import cache

from gsdmc.compiler import Problem, compile_text

ONE_OF_EACH = """
(let [a (sample "positive" (gamma 2.0 0.5))
      b (sample "unit" (beta 2.0 2.0))
      c (sample "interval" (uniform -3 -1))
      d (sample "simplex" (dirichlet [2.0 1.0 0.5]))
      e (sample "count" (poisson 3.0))
      f (sample "real" (normal 5.0 2.0))
      g (sample "flag" (bernoulli 0.3))
      h (sample "level" (categorical [0.2 0.3 0.5]))
      i (sample "opposite" (dirac (if g false true)))
      j (sample "sum" (dirac (+ h 2)))
      k (sample "total" (dirac (+ e 1)))]
  (sample "y" (dirac (* a f))))
"""


@cache
def one_of_each() -> Problem:
    """The program, compiled once."""
    return compile_text(ONE_OF_EACH, "each.clj")
