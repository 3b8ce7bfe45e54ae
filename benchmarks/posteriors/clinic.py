"""The posterior of programs/diagnosis.clj for any query: discrete states enumerated, reals Gaussian in each.

Written from the network's tables, not from the program: tests hold the two together.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from posteriors.exact import Array, Choice, Given, LinearGaussian, Marginal, Real

Key = tuple[str, tuple[int, ...]]
State = dict[str, int]

OPTIONS = {
    "smoker": 2,
    "season": 3,
    "flu": 2,
    "bronchitis": 2,
    "pneumonia": 2,
    "cough": 2,
    "breathless": 2,
    "xray": 3,
}
REALS = ("temperature", "oxygen", "pulse")
NAMES: list[Key] = [(name, ()) for name in REALS]


def chance(s: State) -> float:
    """The probability of all discrete variables together."""
    smoker, flu, bronchitis, pneumonia = (s[n] for n in ("smoker", "flu", "bronchitis", "pneumonia"))
    catches = {"flu": (0.02, 0.1, 0.3)[s["season"]], "bronchitis": 0.25 if smoker else 0.06}
    catches["pneumonia"] = 0.2 if flu else (0.06 if smoker else 0.02)
    catches["smoker"] = 0.3
    catches["cough"] = 1 - 0.95 * 0.4**flu * 0.2**bronchitis * 0.3**pneumonia
    catches["breathless"] = 0.7 if pneumonia else (0.3 if bronchitis else 0.05)
    picture = (0.15, 0.7, 0.15) if pneumonia else (0.6, 0.1, 0.3) if bronchitis else (0.92, 0.03, 0.05)
    found = (0.5, 0.3, 0.2)[s["season"]] * picture[s["xray"]]
    for name, p in catches.items():
        found *= p if s[name] else 1 - p
    return found


def measurements(s: State) -> LinearGaussian:
    """The reals, given all discrete variables: the pulse follows the temperature, the oxygen neither."""
    fever = 1.6 * s["flu"] + 1.4 * s["pneumonia"]
    offset = np.array(
        [36.8 + fever, 97.5 - 5 * s["pneumonia"] - 2 * s["bronchitis"], 72 - 9 * 36.8 + 8 * s["pneumonia"]]
    )
    weights = np.zeros((3, 3))
    weights[2, 0] = 9.0
    return LinearGaussian(NAMES, weights, offset, np.array([0.5, 1.2, 8.0]))


def log_density(reals: LinearGaussian, values: Array, known: Array) -> float:
    """The log density of the reals that are known."""
    if not known.any():
        return 0.0
    covariance = reals.covariance[np.ix_(known, known)]
    away = (values - reals.mean)[known]
    log_determinant = float(np.linalg.slogdet(2 * np.pi * covariance)[1])
    return -0.5 * float(away @ np.linalg.solve(covariance, away)) - 0.5 * log_determinant


def posterior(given: Given) -> dict[Key, Marginal]:
    """Marginals of everything that is not given; an array that is left out is not."""
    whole = {name: given.get(name, np.array(np.nan)) for name in (*OPTIONS, *REALS)}
    values = np.array([float(whole[name]) for name in REALS])
    known = ~np.isnan(values)
    ranges = [
        range(count) if np.isnan(whole[name]) else (int(whole[name]),) for name, count in OPTIONS.items()
    ]
    states = [dict(zip(OPTIONS, state, strict=True)) for state in product(*ranges)]
    reals = [measurements(state) for state in states]
    logs = np.array(
        [np.log(chance(s)) + log_density(r, values, known) for s, r in zip(states, reals, strict=True)]
    )
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    found: dict[Key, Marginal] = {}
    for name, count in OPTIONS.items():
        if np.isnan(whole[name]):
            own = np.array([state[name] for state in states])
            found[name, ()] = Choice(tuple(float(weights[own == option].sum()) for option in range(count)))
    parts = [r({name: whole[name] for name in REALS}) for r in reals]
    for key in parts[0]:
        found[key] = mixed(weights, [part[key] for part in parts])
    return found


def mixed(weights: Array, parts: list[Marginal]) -> Real:
    """The moments of a mixture of Gaussians."""
    means = np.array([part.mean for part in parts if isinstance(part, Real)])
    variances = np.array([part.std for part in parts if isinstance(part, Real)]) ** 2
    mean = float(weights @ means)
    away = means - mean
    variance = float(weights @ (away**2 + variances))
    fourth = float(weights @ (away**4 + 6 * away**2 * variances + 3 * variances**2))
    return Real(mean, variance**0.5, fourth)
