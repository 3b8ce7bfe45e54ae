"""Distributions: the kind of their values, and how noise becomes a draw.

Noise comes per element, uniform on (0, 1) or standard normal, so that a draw depends on the array
and the index alone and never on the order of evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, category
from gsdmc.program.tape import BOOL, Type

MAX_OPTIONS = 4096
"""Most values that a category may have; whole numbers of larger range are counts."""


@dataclass(frozen=True)
class Distribution:
    """A scalar distribution.

    `kind` gives the kind of its values from the arguments' types; `draw` turns noise and the
    arguments, broadcast over `[B, ...]`, into values. `vector` names an argument that is a vector,
    which arrives with its elements in the last dimension.
    """

    noise: Literal["uniform", "normal", "none"]
    kind: Callable[..., Kind]
    draw: Callable[..., Tensor]
    vector: str | None = None


def dirac_kind(value: Type) -> Kind:
    """The kind of a computed value: whole numbers of known range, from 0, are categories."""
    if value.base == "bool":
        return BOOLEAN
    if value.base == "real":
        return REAL
    if value.low >= 0 and value.high < MAX_OPTIONS:
        return category(int(value.high) + 1)
    return COUNT if value.low >= 0 else Kind("count")


def type_of(kind: Kind) -> Type:
    """What a variable's kind says of its values."""
    if kind.name == "boolean":
        return BOOL
    if kind.name == "category":
        return Type("int", 0, kind.options - 1)
    positive = kind.support == "positive"
    if kind.name == "count":
        return Type("int", 0.0 if positive else -np.inf)
    low, high = kind.bounds or (0.0 if positive else -np.inf, np.inf)
    return Type("real", low, high)


def _uniform_kind(low: Type, high: Type) -> Kind:
    if np.isfinite([low.low, high.high]).all():
        return Kind("real", support="interval", bounds=(low.low, high.high))
    return REAL


def _uniform_discrete_kind(low: Type, high: Type) -> Kind:
    return dirac_kind(Type("int", low.low, high.high - 1))


def _uniform(u: Tensor, low: Tensor, high: Tensor) -> Tensor:
    width = high - low
    if low.dtype == width.dtype == u.dtype:
        return torch.addcmul(low, width, u)
    return low + width * u


def _laplace(u: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    tail = torch.log(2 * torch.minimum(u, 1 - u))  # up to 0
    return loc + scale * torch.where(u < 0.5, tail, -tail)


def _categorical(u: Tensor, probabilities: Tensor) -> Tensor:
    """Inverse of the cumulative distribution; `probabilities` has the options last."""
    total = probabilities.sum(-1)
    passed = u.unsqueeze(-1) * total.unsqueeze(-1) >= probabilities.cumsum(-1)
    return passed[..., :-1].sum(-1)


def _uniform_discrete(u: Tensor, low: Tensor, high: Tensor) -> Tensor:
    steps = torch.floor(u * (high - low)).to(torch.int64)
    return torch.minimum(low + steps, high - 1)  # the product may round up to the end


DISTRIBUTIONS: dict[str, Distribution] = {
    "normal": Distribution("normal", lambda m, s: REAL, lambda z, m, s: m + s * z),
    "uniform": Distribution("uniform", _uniform_kind, _uniform),
    "exponential": Distribution(
        "uniform", lambda r: Kind("real", support="positive"), lambda u, r: -torch.log1p(-u) / r
    ),
    "laplace": Distribution("uniform", lambda m, s: REAL, _laplace),
    "lognormal": Distribution(
        "normal", lambda m, s: Kind("real", support="positive"), lambda z, m, s: torch.exp(m + s * z)
    ),
    "bernoulli": Distribution("uniform", lambda p: BOOLEAN, lambda u, p: u < p),
    "categorical": Distribution(
        "uniform", lambda p, options: category(options), _categorical, vector="probabilities"
    ),
    "uniform-discrete": Distribution("uniform", _uniform_discrete_kind, _uniform_discrete),
    "dirac": Distribution("none", dirac_kind, lambda value: value),
}
"""Every distribution that can be sampled, by its canonical name."""


def uniform_noise(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Uniform draws on (0, 1), neither end included: half the generator's step stands for 0."""
    draws = torch.rand(shape, generator=generator, dtype=dtype)
    return draws.clamp_(min=torch.finfo(dtype).eps / 4)
