"""From noise to draws: each distribution's inverse, where noise is uniform, or its transformation.

Draws that need a quantile function take it from scipy, on uniform noise in double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from scipy import special
from torch import Tensor

from gsdmc.program import quantiles

TINY = float(torch.finfo(torch.float32).tiny)
"""The least positive draw: a smaller one would round to 0 in single precision."""


def uniform(u: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Uniform on an interval."""
    width = high - low
    if low.dtype == width.dtype == u.dtype:
        return torch.addcmul(low, width, u)
    return low + width * u


def exponential(u: Tensor, rate: Tensor) -> Tensor:
    """Exponential."""
    return -torch.log1p(-u) / rate


def laplace(u: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Laplace."""
    tail = torch.log(2 * torch.minimum(u, 1 - u))  # up to 0
    return loc + scale * torch.where(u < 0.5, tail, -tail)


def gamma(u: Tensor, shape: Tensor, rate: Tensor) -> Tensor:
    """Gamma of a shape and a rate."""
    return (_scipy(special.gammaincinv, shape, u) / rate).clamp(min=TINY)


def beta(u: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Beta."""
    return _scipy(quantiles.beta, a, b, u)


def student_t(u: Tensor, df: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Student's t with a location and a scale."""
    return loc + scale * _scipy(special.stdtrit, df, u)


def poisson(u: Tensor, rate: Tensor) -> Tensor:
    """Poisson: the least count whose cumulative probability reaches `u`."""
    return _scipy(quantiles.poisson, u, rate).to(torch.int64)


def categorical(u: Tensor, probabilities: Tensor) -> Tensor:
    """An index; `probabilities` has the options last."""
    total = probabilities.sum(-1)
    passed = u.unsqueeze(-1) * total.unsqueeze(-1) >= probabilities.cumsum(-1)
    return passed[..., :-1].sum(-1)


def uniform_discrete(u: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """A whole number from `low` up to `high`, excluded."""
    steps = torch.floor(u * (high - low)).to(torch.int64)
    return torch.minimum(low + steps, high - 1)  # the product may round up to the end


def dirichlet(u: Tensor, boost: Tensor, concentration: Tensor) -> Tensor:
    """Dirichlet over the last dimension, `[..., K]`.

    Gamma draws of shape a are those of shape a + 1 times a uniform to the power 1 / a; their logarithms
    don't underflow where a is small.
    """
    larger = _scipy(special.gammaincinv, concentration + 1, u)
    return torch.softmax(larger.log() + boost.log() / concentration, dim=-1)


def multivariate_normal(z: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """Gaussian of a mean `[..., K]` and a covariance `[..., K, K]`."""
    factor = torch.linalg.cholesky(covariance)
    turned: Tensor = (factor @ z.unsqueeze(-1)).squeeze(-1)
    return mean + turned


def _scipy(function: Callable[..., Any], *args: Tensor) -> Tensor:
    """A function of numpy arrays, in double precision, without a gradient."""
    return torch.as_tensor(function(*(a.detach().double().numpy() for a in args)))
