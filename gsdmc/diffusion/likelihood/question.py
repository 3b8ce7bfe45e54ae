"""What every way to compute a log probability is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.process import Process, Values
from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser


@dataclass(eq=False)
class Question:
    """Joint values, whose log probability given some of them is asked of a network.

    Attributes:
        denoiser: the network, which sets device and dtype; values and masks are brought there.
        layout: the size of the program that the values have.
        process: the process that the network was trained for.
        values: per array `[B, *value_shape]`, the evidence among them.
        observed: per array `[B, *shape]` booleans, true where the value is evidence.
    """

    denoiser: Denoiser
    layout: Layout
    process: Process
    values: Values
    observed: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        """Bring values and masks to the network's device."""
        self.values = {name: value.to(self.device) for name, value in self.values.items()}
        self.observed = {name: seen.to(self.device) for name, seen in self.observed.items()}

    @property
    def device(self) -> torch.device:
        """The network's device."""
        return next(self.denoiser.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The network's dtype."""
        return next(self.denoiser.parameters()).dtype

    @property
    def batch(self) -> int:
        """B, how many joint values there are."""
        return len(next(iter(self.observed.values())))
