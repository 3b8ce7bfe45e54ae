"""Checks of distribution parameters that are known at compile time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.distributions import signature
from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, merged, spread
from gsdmc.program.expectations import scalar_type
from gsdmc.program.meter import FACTORED, WORK_OF_STEP, hold, spend
from gsdmc.program.values import Scalar, Static, describe

Check = tuple[Callable[[NDArray[Any]], NDArray[Any]], str]

_POSITIVE: Check = (lambda v: v > 0, "must be positive")
_NOT_NEGATIVE: Check = (lambda v: v >= 0, "must not be negative")
CHECKS: dict[tuple[str, str], Check] = {
    ("normal", "std"): _POSITIVE,
    ("lognormal", "sigma"): _POSITIVE,
    ("laplace", "scale"): _POSITIVE,
    ("exponential", "rate"): _POSITIVE,
    ("gamma", "shape"): _POSITIVE,
    ("gamma", "rate"): _POSITIVE,
    ("beta", "a"): _POSITIVE,
    ("beta", "b"): _POSITIVE,
    ("student-t", "df"): _POSITIVE,
    ("student-t", "scale"): _POSITIVE,
    ("poisson", "rate"): _NOT_NEGATIVE,
    ("bernoulli", "p"): (lambda v: (v >= 0) & (v <= 1), "must lie between 0 and 1"),
    ("categorical", "probabilities"): _NOT_NEGATIVE,
    ("mixture", "weights"): _NOT_NEGATIVE,
    ("dirichlet", "concentration"): _POSITIVE,
}
"""What parameters must be: a test, and its name."""

"""What a number must be, by distribution and parameter, and how a message says so."""

INCREASING = {"uniform": ("low", "high"), "uniform-discrete": ("low", "high")}
"""Parameters of which the first lies below the second."""

TOLERANCE = 1e-6
"""How far from 1 the sum of probabilities may be."""


def check_parameter(distribution: str, slot: str, value: Scalar, span: Span) -> None:
    """Refuse a parameter that can't be one.

    Raises:
        GsdmcError: naming the distribution, the parameter and the value.
    """
    if distribution == "dirac":
        return
    base = scalar_type(value).base
    if base == "bool":
        raise GsdmcError(
            f"the parameter {slot} of `{distribution}` must be a number, but this is a boolean",
            span,
            hint="write `(if test 1 0)` for a number",
        )
    if distribution == "uniform-discrete" and base != "int":
        shown = f"{value.values.flat[0]:g}" if isinstance(value, Static) else describe(value)
        raise GsdmcError(
            f"the parameter {slot} of `{distribution}` must be a whole number, but this is {shown}",
            span,
            hint="round it: `(floor x)`",
        )
    check = CHECKS.get((distribution, slot))
    if check is None or not isinstance(value, Static):
        return
    for bad in value.values[~np.asarray(check[0](value.values))].flat[:1]:
        raise GsdmcError(
            f"the parameter {slot} of `{distribution}` {check[1]}, but this is {bad:g}",
            span,
            hint=_parameter_hint(distribution, slot, float(bad)),
        )


def _parameter_hint(distribution: str, slot: str, bad: float) -> str:
    if slot in ("std", "scale") and bad == 0:
        return "a value without noise is a `dirac`: `(sample name (dirac value))`"
    if distribution == "bernoulli" and 1 < bad <= 100:
        return f"write {bad / 100:g} for {bad:g} %"
    known = signature(distribution)
    return f"`{known}`: {known.doc}" if known is not None else ""


def check_pair(distribution: str, given: Mapping[str, Scalar], span: Span) -> None:
    """Refuse bounds that leave nothing between them.

    Raises:
        GsdmcError: naming both.
    """
    if distribution not in INCREASING:
        return
    low, high = (given[slot] for slot in INCREASING[distribution])
    if not (isinstance(low, Static) and isinstance(high, Static)):
        return
    axes = merged(low.axes, high.axes)
    below, above = np.broadcast_arrays(*(spread(v.values, v.axes, axes) for v in (low, high)))
    for a, b in zip(below[below >= above].flat[:1], above[below >= above].flat[:1], strict=True):
        excluded = "the high end is excluded" if distribution == "uniform-discrete" else "write `dirac`"
        hint = f"the low end comes first: `({distribution} {b:g} {a:g})`" if a > b else excluded
        raise GsdmcError(
            f"the low end of `{distribution}` must lie below the high end, but these are {a:g} and {b:g}",
            span,
            hint=hint,
        )


def check_probabilities(distribution: str, value: Scalar, options: Axis, span: Span) -> None:
    """Refuse probabilities that don't sum to 1 over the axis of options.

    Raises:
        GsdmcError: with their sum.
    """
    if not isinstance(value, Static):
        return
    what = "weights" if distribution == "mixture" else "probabilities"
    if options in value.axes:
        totals = value.values.sum(axis=value.axes.index(options))
    else:
        totals = value.values * options.size
    for bad in np.asarray(totals)[np.abs(np.asarray(totals) - 1) > TOLERANCE].flat[:1]:
        raise GsdmcError(
            f"the {what} of `{distribution}` must sum to 1, but these sum to {bad:g}",
            span,
            hint="divide each by their sum",
        )


def check_covariance(value: Scalar, axes: tuple[Axis, ...], span: Span) -> None:
    """Refuse a matrix that is no covariance; `axes` are its rows and columns.

    Raises:
        GsdmcError: it is not symmetric, or not positive definite.
    """
    if not isinstance(value, Static):
        return
    outer = tuple(a for a in value.axes if a not in axes)
    shape = [a.size for a in (*outer, *axes)]
    hold(shape, span)
    spend(math.prod(shape) * axes[0].size // (FACTORED * WORK_OF_STEP))
    matrices = np.broadcast_to(spread(value.values, value.axes, (*outer, *axes)), shape).astype(np.float64)
    if not np.allclose(matrices, np.swapaxes(matrices, -1, -2)):
        raise GsdmcError(
            "a covariance must be symmetric, but this matrix is not",
            span,
            hint="the element [i j] is the covariance of i and j, and so is [j i]",
        )
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        raise GsdmcError(
            "a covariance must be positive definite, but this matrix is not",
            span,
            hint="variances stand on the diagonal, smaller covariances beside them: `[[1 0.5] [0.5 1]]`",
        ) from None
