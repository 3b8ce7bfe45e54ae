"""Predictive distributions: what is believed of clean values, given a noisy state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.noise import Noise, gumbel


class Predictive(Protocol):
    """A distribution of every element of an array, in the form of clean states: standardised or one-hot."""

    @property
    def mean(self) -> Tensor:
        """`[B, *state_shape]`."""
        ...

    def log_prob(self, x0: Tensor) -> Tensor:
        """Log density, or probability of counts and discretes, of clean states: `[B, *shape]`."""
        ...

    def draw(self, noise: Noise, array: str, step: int) -> Tensor:
        """A clean state, `[B, *state_shape]`, with the noise of an array at a step."""
        ...


@dataclass(frozen=True, eq=False)
class Point:
    """An expectation without a distribution around it."""

    mean: Tensor

    def log_prob(self, x0: Tensor) -> Tensor:
        """Refuse.

        Raises:
            ValueError: always; a point has no density.
        """
        raise ValueError("a point prediction has no density; train with the head `mixture`")

    def draw(self, noise: Noise, array: str, step: int) -> Tensor:
        """The point itself."""
        return self.mean


@dataclass(frozen=True, eq=False)
class Categorical:
    """Log probabilities of categories, `[B, *shape, K]`."""

    log_probs: Tensor

    @property
    def mean(self) -> Tensor:
        """Probabilities."""
        return self.log_probs.exp()

    def log_prob(self, x0: Tensor) -> Tensor:
        """Log probability of one-hots `[B, *shape, K]`."""
        index = x0.argmax(-1, keepdim=True)
        return torch.take_along_dim(self.log_probs, index, -1)[..., 0]

    def draw(self, noise: Noise, array: str, step: int) -> Tensor:
        """One-hots, by the Gumbel-max trick in float64."""
        shape = tuple(self.log_probs.shape)
        uniforms = noise.uniform(array, step, shape).to(self.log_probs.device)
        chosen = (self.log_probs.double() + gumbel(uniforms)).argmax(-1)
        return F.one_hot(chosen, shape[-1]).to(self.log_probs.dtype)
