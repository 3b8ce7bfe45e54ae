"""Programs of a few discrete variables, and their exact joint distributions by enumeration."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import gsdmc
from gsdmc.compiler import Problem

SPRINKLER = """
(let [rain (sample "rain" (bernoulli 0.2))
      sprinkler (sample "sprinkler" (bernoulli (if rain 0.01 0.4)))]
  (sample "wet" (bernoulli (if rain (if sprinkler 0.99 0.8) (if sprinkler 0.9 0.05)))))
"""

DICE = """
(let [loaded (sample "loaded" (bernoulli 0.3))
      die (foreach 2 [i (range 2)]
            (sample "die" (categorical (if loaded [0.1 0.2 0.7] [0.4 0.3 0.3]))))]
  (sample "bell" (bernoulli (if (= (first die) (second die)) 0.9 0.1)))
  (sample "sum" (dirac (+ (first die) (second die)))))
"""

CHAIN = """
(defn state [t before]
  (sample "state" (categorical (if (= before 0) [0.7 0.2 0.1]
                                 (if (= before 1) [0.1 0.6 0.3] [0.3 0.3 0.4])))))
(let [start (sample "start" (categorical [0.5 0.3 0.2]))
      end (loop 3 start state)
      alarm (sample "alarm" (bernoulli (if (= end 2) 0.95 0.1)))]
  (sample "call" (bernoulli (if alarm 0.8 0.02))))
"""

PROGRAMS = {"sprinkler": SPRINKLER, "dice": DICE, "chain": CHAIN}


def compiled(name: str) -> Problem:
    """One of the programs, compiled."""
    problem = gsdmc.compile(io.StringIO(PROGRAMS[name]))
    problem.name = name
    return problem


def joint(problem: Problem) -> tuple[dict[str, Tensor], NDArray[np.float64]]:
    """Every state that has a probability, `[S, *shape]` by array, and its log probability `[S]`.

    Computed variables take the values that the program gives them, so a state is one of the others.
    """
    arrays = [a for a in problem.graph.arrays if not a.deterministic]
    options = [range(a.kind.options) for a in arrays for _ in range(a.size)]
    rows = torch.tensor(list(product(*options)))
    states, start = {}, 0
    for a in arrays:
        part = rows[:, start : start + a.size].reshape(len(rows), *a.shape)
        states[a.name] = part.bool() if a.kind.name == "boolean" else part
        start += a.size
    computed = {
        a.name: torch.zeros(len(rows), *a.shape, dtype=torch.long)
        for a in problem.graph.arrays
        if a.deterministic
    }
    whole = problem.restore({**states, **computed})
    logs = problem.score(whole).numpy()
    kept = np.isfinite(logs)
    return {name: value[torch.from_numpy(kept)] for name, value in whole.items()}, logs[kept]


def numbers(states: dict[str, Tensor], values: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Which state each row of values is, `[n]`; -1 for none."""
    table = np.concatenate([states[n].reshape(len(states[n]), -1).numpy() for n in states], axis=1).astype(
        int
    )
    rows = np.concatenate([values[n].reshape(len(values[n]), -1) for n in states], axis=1).astype(int)
    place = {tuple(state): i for i, state in enumerate(table.tolist())}
    return np.array([place.get(tuple(row), -1) for row in rows.tolist()])
