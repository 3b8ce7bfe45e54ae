"""Checks of distribution parameters that are known at compile time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.tape import Instruction
from gsdmc.program.values import Static, scalar_type

Check = tuple[Callable[[Any], Any], str]

_POSITIVE: Check = (lambda v: v > 0, "must be positive")
_CHECKS: dict[tuple[str, str], Check] = {
    ("normal", "std"): _POSITIVE,
    ("lognormal", "sigma"): _POSITIVE,
    ("laplace", "scale"): _POSITIVE,
    ("exponential", "rate"): _POSITIVE,
    ("bernoulli", "p"): (lambda v: (v >= 0) & (v <= 1), "must lie between 0 and 1"),
    ("categorical", "probabilities"): (lambda v: v >= 0, "must not be negative"),
}


def check_parameters(distribution: str, slot: str, value: Static | Instruction, span: Span) -> None:
    """Refuse a parameter that can't be one.

    Raises:
        GsdmcError: naming the distribution, the parameter and the value.
    """
    if distribution != "dirac" and scalar_type(value).base == "bool" and slot != "value":
        raise GsdmcError(f"The {slot} of `{distribution}` must be a number, but this is a boolean.", span)
    if not isinstance(value, Static):
        return
    check = _CHECKS.get((distribution, slot))
    if check is not None:
        for bad in value.values[~np.asarray(check[0](value.values))].flat[:1]:
            raise GsdmcError(f"The {slot} of `{distribution}` {check[1]}, but this is {bad}.", span)
    if slot == "probabilities":
        totals = np.asarray(value.values.sum(-1))
        for bad in totals[np.abs(totals - 1) > 1e-6].flat[:1]:
            raise GsdmcError(
                f"The probabilities of `{distribution}` must sum to 1, but these sum to {bad:g}.", span
            )
