"""Distributions: the kind of their values, how noise becomes a draw, and their log density.

Noise comes per element, so that a draw depends on the array and the index alone and never on the
order of evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, category, vector
from gsdmc.program import densities, drawing
from gsdmc.program.tape import BOOL, REAL_TYPE, Draw, Type

MAX_OPTIONS = 4096
"""Most values that a category may have; whole numbers of larger range are counts."""


@dataclass(frozen=True)
class Noise:
    """A stream of noise, one number per element, or one per channel of it.

    `law` is standard `normal`, `uniform` on (0, 1), or `fine`: the same in double precision, for
    quantile functions, whose tails single precision would cut off.
    """

    name: str
    law: Literal["normal", "uniform", "fine"]
    channels: bool = False


NORMAL = (Noise("normal", "normal"),)
UNIFORM = (Noise("uniform", "uniform"),)
FINE = (Noise("fine", "fine"),)


@dataclass(frozen=True)
class Distribution:
    """A distribution.

    Attributes:
        noise: the streams that `draw` takes, before the arguments.
        kind: the kind of its values, from the arguments' types and the sizes of `trailing` dimensions.
        draw: values from noise and arguments, broadcast over `[B, ...]`.
        density: log densities `[B, ...]` of values, given the arguments.
        trailing: how many dimensions an argument has itself: a vector's elements lie in the last one.
    """

    noise: tuple[Noise, ...]
    kind: Callable[..., Kind]
    draw: Callable[..., Tensor]
    density: Callable[..., Tensor]
    trailing: Mapping[str, int] = field(default_factory=dict)


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
    """What a variable's kind says of its values, or of a vector's elements."""
    if kind.name == "boolean":
        return BOOL
    if kind.name == "category":
        return Type("int", 0, kind.options - 1)
    if kind.name == "vector":
        return Type("real", 0, 1) if kind.support == "simplex" else REAL_TYPE
    positive = kind.support == "positive"
    if kind.name == "count":
        return Type("int", 0.0 if positive else -np.inf)
    low, high = kind.bounds or (0.0 if positive else -np.inf, np.inf)
    return Type("real", low, high)


def _real(*_: object) -> Kind:
    return REAL


def _positive(*_: object) -> Kind:
    return Kind("real", support="positive")


def _uniform_kind(low: Type, high: Type) -> Kind:
    if np.isfinite([low.low, high.high]).all():
        return Kind("real", support="interval", bounds=(low.low, high.high))
    return REAL


def _no_density(*_: Tensor) -> Tensor:
    raise NotImplementedError("a dirac has no density")


DISTRIBUTIONS: dict[str, Distribution] = {
    "normal": Distribution(NORMAL, _real, lambda z, m, s: m + s * z, densities.normal),
    "uniform": Distribution(UNIFORM, _uniform_kind, drawing.uniform, densities.uniform),
    "exponential": Distribution(UNIFORM, _positive, drawing.exponential, densities.exponential),
    "gamma": Distribution(FINE, _positive, drawing.gamma, densities.gamma),
    "beta": Distribution(
        FINE, lambda a, b: Kind("real", support="unit", bounds=(0.0, 1.0)), drawing.beta, densities.beta
    ),
    "lognormal": Distribution(NORMAL, _positive, lambda z, m, s: torch.exp(m + s * z), densities.lognormal),
    "laplace": Distribution(UNIFORM, _real, drawing.laplace, densities.laplace),
    "student-t": Distribution(FINE, _real, drawing.student_t, densities.student_t),
    "bernoulli": Distribution(UNIFORM, lambda p: BOOLEAN, lambda u, p: u < p, densities.bernoulli),
    "categorical": Distribution(
        UNIFORM,
        lambda p, options: category(options),
        drawing.categorical,
        densities.categorical,
        {"probabilities": 1},
    ),
    "uniform-discrete": Distribution(
        UNIFORM,
        lambda low, high: dirac_kind(Type("int", low.low, high.high - 1)),
        drawing.uniform_discrete,
        densities.uniform_discrete,
    ),
    "poisson": Distribution(FINE, lambda rate: COUNT, drawing.poisson, densities.poisson),
    "dirichlet": Distribution(
        (Noise("fine", "fine", channels=True), Noise("boost", "fine", channels=True)),
        lambda c, size: vector(size, "simplex"),
        drawing.dirichlet,
        densities.dirichlet,
        {"concentration": 1},
    ),
    "multivariate-normal": Distribution(
        (Noise("normal", "normal", channels=True),),
        lambda m, c, size, *_: vector(size),
        drawing.multivariate_normal,
        densities.multivariate_normal,
        {"mean": 1, "covariance": 2},
    ),
    "dirac": Distribution((), dirac_kind, lambda value: value, _no_density),
}
"""Every distribution that can be sampled, by its canonical name; mixtures are made of them."""

CHOICE = Noise("choice", "uniform")
"""The noise that picks a mixture's component."""


def mixture_of(component: Distribution, own: tuple[int, ...], event: int) -> Distribution:
    """The mixture of one distribution at several parameters.

    Its first argument are the weights, `[..., C]`; each of the component's has the dimension `C` before
    the `own` ones. `event` is 1 where the component's values are vectors, else 0.
    """
    streams = len(component.noise)

    def draw(choice: Tensor, *rest: Tensor) -> Tensor:
        weights, *args = rest[streams:]
        chosen = drawing.categorical(choice, weights)  # [B, ...]
        picked = [_at(a, chosen, dims) for a, dims in zip(args, own, strict=True)]
        return component.draw(*rest[:streams], *picked)

    def density(x: Tensor, weights: Tensor, *args: Tensor) -> Tensor:
        logs = weights.log() - weights.sum(-1, keepdim=True).log()  # [..., C]
        return torch.logsumexp(logs + component.density(x.unsqueeze(-1 - event), *args), dim=-1)

    return replace(component, noise=(CHOICE, *component.noise), draw=draw, density=density)


def _at(values: Tensor, chosen: Tensor, own: int) -> Tensor:
    """The values `[..., C, *own]` at the chosen component, `[...]`."""
    dim = values.dim() - own - 1
    lead = tuple(a if b == 1 else b for a, b in zip(values.shape[:dim], chosen.shape, strict=True))
    tail = values.shape[dim + 1 :]
    index = chosen.expand(lead).reshape(*lead, 1, *[1] * own).expand(*lead, 1, *tail)
    return values.expand(*lead, *values.shape[dim:]).gather(dim, index).squeeze(dim)


def law_of(draw: Draw) -> Distribution:
    """The distribution of a draw."""
    if draw.component is None:
        return DISTRIBUTIONS[draw.distribution]
    own = tuple(len(axes) - 1 for axes in draw.trailing[1:])
    return mixture_of(DISTRIBUTIONS[draw.component], own, len(draw.kind.event_shape))


def noise_values(
    noise: Noise, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype
) -> Tensor:
    """Draw a stream of noise."""
    if noise.law == "normal":
        return torch.randn(shape, generator=generator, dtype=dtype)
    return uniform_noise(shape, generator, torch.float64 if noise.law == "fine" else dtype)


def uniform_noise(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Uniform draws on (0, 1), neither end included: half the generator's step stands for 0."""
    draws = torch.rand(shape, generator=generator, dtype=dtype)
    return draws.clamp_(min=torch.finfo(dtype).eps / 4)
