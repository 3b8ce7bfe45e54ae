"""Log densities: each distribution's, of values that may lie outside its support, where it is -inf."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributions as td

SIMPLEX_TOLERANCE = 1e-4
"""How far from 1 the sum of a simplex's coordinates may be: values may come in single precision."""


def normal(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Gaussian."""
    return _of(td.Normal(mean, std, validate_args=False), x)


def uniform(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Uniform on an interval, both ends included."""
    held = (x >= low) & (x <= high)
    return _inside(held, 0 * _safe(x, held) - (high - low).log())  # its gradient is 0, yet it has one


def exponential(x: Tensor, rate: Tensor) -> Tensor:
    """Exponential."""
    return _inside(x >= 0, _of(td.Exponential(rate, validate_args=False), x))


def laplace(x: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Laplace."""
    return _of(td.Laplace(loc, scale, validate_args=False), x)


def lognormal(x: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Lognormal."""
    held = x > 0
    return _inside(held, _of(td.LogNormal(mu, sigma, validate_args=False), _safe(x, held)))


def gamma(x: Tensor, shape: Tensor, rate: Tensor) -> Tensor:
    """Gamma of a shape and a rate."""
    held = x > 0
    return _inside(held, _of(td.Gamma(shape, rate, validate_args=False), _safe(x, held)))


def beta(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Beta."""
    held = (x >= 0) & (x <= 1)
    inside = _of(td.Beta(a, b, validate_args=False), torch.where(held, x, torch.full_like(x, 0.5)))
    return _inside(held, inside)


def student_t(x: Tensor, df: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """Student's t with a location and a scale."""
    return _of(td.StudentT(df, loc, scale, validate_args=False), x)


def bernoulli(x: Tensor, p: Tensor) -> Tensor:
    """Bernoulli, of a boolean."""
    return torch.where(x.bool(), p.log(), torch.log1p(-p))


def categorical(x: Tensor, probabilities: Tensor) -> Tensor:
    """An index into `probabilities`, `[..., K]`."""
    options = probabilities.shape[-1]
    held = (x >= 0) & (x < options)
    logs = probabilities.log() - probabilities.sum(-1, keepdim=True).log()
    index = torch.where(held, x, 0).unsqueeze(-1)
    lead = (a if b == 1 else b for a, b in zip(logs.shape[:-1], index.shape[:-1], strict=True))
    logs = logs.expand(*lead, options)
    return _inside(held, logs.gather(-1, index.expand(*logs.shape[:-1], 1)).squeeze(-1))


def uniform_discrete(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """A whole number from `low` up to `high`, excluded."""
    return _inside((x >= low) & (x < high), -(high - low).double().log())


def poisson(x: Tensor, rate: Tensor) -> Tensor:
    """Poisson."""
    held = x >= 0
    return _inside(held, _of(td.Poisson(rate, validate_args=False), _safe(x, held).to(rate.dtype)))


def dirichlet(x: Tensor, concentration: Tensor) -> Tensor:
    """Dirichlet, of vectors `[..., K]`: the density with respect to all coordinates but the last."""
    held = (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() <= SIMPLEX_TOLERANCE)
    inside = torch.where(held.unsqueeze(-1), x, torch.full_like(x, 1 / x.shape[-1]))
    return _inside(held, _of(td.Dirichlet(concentration, validate_args=False), inside))


def multivariate_normal(x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """Gaussian, of vectors `[..., K]`."""
    return _of(td.MultivariateNormal(mean, covariance_matrix=covariance, validate_args=False), x)


def _of(law: td.Distribution, x: Tensor) -> Tensor:
    density: Tensor = law.log_prob(x)
    return density


def _safe(x: Tensor, held: Tensor) -> Tensor:
    """The values, or 1 where they lie outside: what is masked later must not spoil gradients."""
    return torch.where(held, x, torch.ones_like(x))


def _inside(held: Tensor, density: Tensor) -> Tensor:
    return torch.where(held, density, -torch.inf)
