"""Programs whose posteriors are known in closed form, whatever of them is given."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import gsdmc
from gsdmc.compiler import Problem
from posteriors.exact import (
    Choice,
    Given,
    LinearGaussian,
    Marginal,
    Posterior,
    beta_moments,
    mixture_moments,
)

CHAIN = """
(defn state [t x]
  (sample "x" (normal (+ 0.3 (* 0.9 x)) (if (= t 3) 2 0.7))))
(loop 8 (sample "start" (normal 1 1.5)) state)
"""

TREE = """
(let [root (sample "root" (normal 0 1))
      child (foreach 2 [i (range 2)]
              (sample "child" (normal (if (= i 0) root (* -2 root)) 0.5)))]
  (foreach 2 [i (range 2)]
    (foreach 3 [j (range 3)]
      (sample "leaf" (normal (- (get child i) 1) 1)))))
"""

COINS = """
(let [p (sample "p" (beta 2 3))]
  (foreach 10 [i (range 10)]
    (sample "toss" (bernoulli p))))
"""

MIXTURE = """
(def centres [[-2 0 1 0] [0 2 -1 1] [1.5 -1 0 -2]])
(let [z (sample "z" (categorical [0.5 0.3 0.2]))]
  (foreach 4 [j (range 4)]
    (sample "x" (normal (get-in centres [z j]) 1))))
"""
WEIGHTS = np.array([0.5, 0.3, 0.2])
CENTRES = np.array([[-2, 0, 1, 0], [0, 2, -1, 1], [1.5, -1, 0, -2]])

Key = tuple[str, tuple[int, ...]]


def chain() -> Posterior:
    """x_0 follows start, x_t follows x_{t-1}."""
    names: list[Key] = [("start", ()), *(("x", (t,)) for t in range(8))]
    weights = 0.9 * np.eye(9, k=-1)
    offset = np.array([1.0] + [0.3] * 8)
    std = np.array([1.5] + [2.0 if t == 3 else 0.7 for t in range(8)])
    return LinearGaussian(names, weights, offset, std)


def tree() -> Posterior:
    """A root, two children, three leaves each."""
    names: list[Key] = [("root", ()), ("child", (0,)), ("child", (1,))]
    names += [("leaf", (i, j)) for i in range(2) for j in range(3)]
    weights = np.zeros((9, 9))
    weights[1, 0], weights[2, 0] = 1.0, -2.0
    for i in range(2):
        weights[3 + 3 * i : 6 + 3 * i, 1 + i] = 1.0
    offset = np.array([0.0] * 3 + [-1.0] * 6)
    return LinearGaussian(names, weights, offset, np.array([1, 0.5, 0.5] + [1.0] * 6))


def coins(given: Given) -> dict[Key, Marginal]:
    """A coin of unknown bias: beta and Bernoulli."""
    p, toss = float(given["p"]), given["toss"]
    heads, tails = np.nansum(toss), np.nansum(1 - toss)
    bias = beta_moments(2 + heads, 3 + tails)
    found: dict[Key, Marginal] = {} if not np.isnan(p) else {("p", ()): bias}
    chance = bias.mean if np.isnan(p) else p
    for i in np.flatnonzero(np.isnan(toss)):
        found["toss", (int(i),)] = Choice((1 - chance, chance))
    return found


def mixture(given: Given) -> dict[Key, Marginal]:
    """Responsibilities of three components, and what is left to see of a point of four numbers."""
    z, x = float(given["z"]), given["x"]
    seen = ~np.isnan(x)
    logs = np.log(WEIGHTS) - 0.5 * ((x[seen] - CENTRES[:, seen]) ** 2).sum(1)
    weights = np.exp(logs - logs.max())
    weights = weights / weights.sum() if np.isnan(z) else np.eye(3)[int(z)]
    found: dict[Key, Marginal] = {} if not np.isnan(z) else {("z", ()): Choice(tuple(map(float, weights)))}
    for j in np.flatnonzero(~seen):
        found["x", (int(j),)] = mixture_moments(weights, CENTRES[:, j], 1.0)
    return found


@dataclass(frozen=True)
class Family:
    """A program and its posterior."""

    name: str
    text: str
    posterior: Callable[[], Posterior]

    def problem(self) -> Problem:
        """The program, compiled."""
        problem = gsdmc.compile(io.StringIO(self.text))
        problem.name = self.name
        return problem


FAMILIES = {
    family.name: family
    for family in (
        Family("chain", CHAIN, chain),
        Family("tree", TREE, tree),
        Family("coins", COINS, lambda: coins),
        Family("mixture", MIXTURE, lambda: mixture),
    )
}
