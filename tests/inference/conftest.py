"""Tiny models, trained for a step or two: enough to run every path, not to be right."""

from __future__ import annotations

import pytest

import gsdmc
from gsdmc.inference.model import Model
from gsdmc.training.config import TrainingConfig

TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)

KINDS = """
(def n 4)
(foreach n [i (range n)]
  (let [x (sample "real" (normal 0 1))
        p (sample "positive" (exponential 1))
        u (sample "interval" (uniform 0 1))
        b (sample "boolean" (bernoulli 0.3))
        c (sample "category" (categorical [0.2 0.3 0.4 0.1]))
        k (sample "count" (uniform-discrete 0 10000))
        v (sample "vector" (multivariate-normal [1.0 0.0] [[1.0 0.5] [0.5 1.0]]))
        s (sample "simplex" (dirichlet [1.0 2.0 3.0]))]
    (sample "sum" (dirac (+ x p u)))))
"""


@pytest.fixture(scope="session")
def tiny() -> TrainingConfig:
    return TINY


@pytest.fixture(scope="session")
def bcmf() -> Model:
    return gsdmc.train("bcmf", steps=2, preset=TINY, out=None, device="cpu")


@pytest.fixture(scope="session")
def kinds() -> gsdmc.Problem:
    from gsdmc.compiler import compile_text

    return compile_text(KINDS, "kinds.clj")


@pytest.fixture(scope="session")
def any_query(kinds: gsdmc.Problem) -> Model:
    return gsdmc.train(kinds, steps=2, preset=TINY, out=None, device="cpu")
