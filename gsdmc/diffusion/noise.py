"""Where samplers get their randomness: a source that is asked per array, step and shape."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Noise(Protocol):
    """Draws that belong to an array's elements at a step; permuting an array's draws permutes its samples."""

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Independent standard normals, float64."""
        ...

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Independent uniforms in `[0, 1)`, float64."""
        ...


class GeneratorNoise:
    """Noise drawn from a generator in the order of the requests."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Independent standard normals, float64."""
        device = self.generator.device
        return torch.randn(shape, generator=self.generator, dtype=torch.float64, device=device)

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        """Independent uniforms in `[0, 1)`, float64."""
        device = self.generator.device
        return torch.rand(shape, generator=self.generator, dtype=torch.float64, device=device)


def gumbel(uniform: Tensor) -> Tensor:
    """Standard Gumbel draws from uniforms, in float64: float32 would cut their tail and sharpen samples."""
    return -torch.log(-torch.log(uniform.double().clamp(1e-300, 1 - 1e-16)))
