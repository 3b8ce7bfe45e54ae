"""Gates of a Boolean circuit whose values are not all but constant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 0.2
"""A gate is drawn freely where either value has at least this probability."""


def balanced_gates(inputs: int, seed: int) -> tuple[NDArray[np.bool_], float]:
    """Gates drawn uniformly, or nearer to one half where the drawn one is far from it.

    Random gates soon give constants, which a network gets right without learning anything; the authors'
    code exchanges such gates too. In a tree the two values of a gate are independent, so that their
    probabilities are exact.

    Args:
        inputs: 2^n.
        seed: of the gates.

    Returns:
        `[inputs - 1]`, true for `and`, as `programs/boolean.clj` takes them, and the probability that the
        output is true.
    """
    draws = np.random.default_rng(seed).random(inputs - 1) < 0.5
    chance = [0.5] * inputs
    gates = []
    for g, conjunction in enumerate(draws):
        a, b = chance[2 * g], chance[2 * g + 1]
        options = {True: a * b, False: 1 - (1 - a) * (1 - b)}
        chosen = bool(conjunction)
        if not LEAST <= options[chosen] <= 1 - LEAST:
            chosen = abs(options[True] - 0.5) < abs(options[False] - 0.5)
        gates.append(chosen)
        chance.append(options[chosen])
    return np.array(gates), chance[-1]
