"""The networks for BCMF at any size that several figures share, and the standard deviation of E."""

from __future__ import annotations

import gsdmc
from gsdmc.inference.model import Model
from paper.settings import Settings
from paper.training import budget, joint_network, network

RANGES = {"m": (1, 10), "n": (1, 10), "k": (1, 10)}
SMALL = {"m": (1, 3), "n": (1, 3), "k": (1, 2)}


def conditional(settings: Settings) -> Model:
    """E is given."""
    limit = budget(settings, quick=4, full=600)
    return network(settings, gsdmc.compile("bcmf"), "bcmf", limit, settings.pick(SMALL, RANGES, RANGES))


def unconditional(settings: Settings) -> Model:
    """Nothing is ever given; E is the network's own."""
    limit = budget(settings, quick=4, full=600)
    ranges = settings.pick(SMALL, RANGES, RANGES)
    return joint_network(settings, gsdmc.compile("bcmf"), "bcmf-joint", limit, ranges)


def spread(k: int) -> float:
    """The least RMSE of a constant estimate of E: its standard deviation.

    An entry is a sum of k products of a uniform number and a Bernoulli(0.3): variance k (0.3 / 3 - 0.15²).
    """
    return float((k * (0.3 / 3 - 0.15**2)) ** 0.5)
