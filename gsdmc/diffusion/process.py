"""The joint diffusion process: Gaussian reals beside masked or one-hot Gaussian discretes, on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.schedule import LINEAR_STEPS, ScheduleName, signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser

Values = Mapping[str, Tensor]

LEAST_SHARE = 1e-6
"""What a sampled simplex's entries are raised to before they are scaled to sum to 1."""


@dataclass(frozen=True)
class ProcessConfig:
    """Which processes run, and what the network predicts of them.

    Attributes:
        schedule: of the Gaussian process, `cosine` or the paper's `linear`.
        prediction: the network's target for reals, the data (`x0`) or `v` (Salimans & Ho 2022).
        discrete: `masked` (absorbing; Sahoo et al. 2024) or `onehot` (Gaussian; Weilbach et al. 2022,
            section 3.4).
        mask_power: a discrete value is masked at time t with probability `t ** mask_power`.
        mask_weight: masked values' cross-entropy is weighted by the masking probability to the power
            `-mask_weight`: 1 gives the evidence bound, 0 lets early times weigh more.
        standardise: whether reals are brought to unit scale.
        loss: `balanced` (every array weighs the same) or `sum` (squared error over all nodes, the paper's).
    """

    schedule: ScheduleName = "cosine"
    prediction: Literal["x0", "v"] = "x0"
    discrete: Literal["masked", "onehot"] = "masked"
    mask_power: float = 1.0
    mask_weight: float = 0.0
    standardise: bool = True
    loss: Literal["balanced", "sum"] = "balanced"

    def to_json(self) -> dict[str, Any]:
        """Plain scalars."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Process:
    """A process and the scales of the program's reals.

    States are what the network reads: standardised reals `[B, *shape]` and vectors `[B, *shape, K]`;
    for discrete arrays `[B, *shape, K]` one-hots, masked ones zero.
    """

    config: ProcessConfig
    standardiser: Standardiser

    def encode(self, layout: Layout, values: Values, dtype: torch.dtype) -> dict[str, Tensor]:
        """The clean state of values (`[B, *value_shape]` each, in the kinds' own dtypes)."""
        state = {}
        for slot in layout.arrays:
            value = values[slot.name]
            if slot.kind.discrete:
                state[slot.name] = F.one_hot(value.long(), slot.kind.options).to(dtype)
            else:
                mean, std = self.standardiser.scales(layout, slot, dtype)
                state[slot.name] = (value.to(dtype) - mean) / std
        return state

    def decode(self, layout: Layout, state: Values) -> dict[str, Tensor]:
        """The values of a finished state: counts rounded, the rest brought into its support.

        Bounded reals are clipped; the entries of a simplex are clipped from below at `LEAST_SHARE`, then
        scaled to sum to 1. The process itself knows no supports.
        """
        values = {}
        for slot in layout.arrays:
            part = state[slot.name]
            if slot.kind.discrete:
                index = part.argmax(-1)
                values[slot.name] = index.bool() if slot.kind.name == "boolean" else index
                continue
            mean, std = self.standardiser.scales(layout, slot, part.dtype)
            real = part * std + mean
            if slot.kind.support == "simplex":
                values[slot.name] = onto_simplex(real)
                continue
            low, high = slot.kind.bounds or (None, None)
            if low is None and slot.kind.support == "positive":
                low = 0.0
            if low is not None or high is not None:
                real = real.clamp(low, high)
            values[slot.name] = real.round().long() if slot.kind.name == "count" else real
        return values

    def masking(self, time: Tensor) -> Tensor:
        """Probability that a discrete value is masked at `time`."""
        return time**self.config.mask_power

    def corrupt(
        self, layout: Layout, clean: Values, observed: Values, time: Tensor, generator: torch.Generator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Draw the state at a time, `[B]` float64, with evidence left clean.

        Returns:
            The state, and what the loss needs of the noise: the Gaussian noise itself, and for
            masked arrays which values are masked (`[B, *shape]` booleans).
        """
        state, noise = {}, {}
        for slot in layout.arrays:
            x0, seen = clean[slot.name], observed[slot.name]
            device = generator.device
            if slot.kind.discrete and self.config.discrete == "masked":
                draw = torch.rand(seen.shape, generator=generator, device=device)
                masked = (draw < expand(self.masking(time), seen).to(draw.dtype)) & ~seen
                state[slot.name] = x0 * ~masked[..., None]
                noise[slot.name] = masked
            else:
                epsilon = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=device)
                signal, sigma = (
                    expand(f, x0).to(x0.dtype) for f in signal_and_noise(self.config.schedule, time)
                )
                state[slot.name] = torch.where(across(seen, x0), x0, signal * x0 + sigma * epsilon)
                noise[slot.name] = epsilon
        return state, noise

    def network_time(self, time: Tensor) -> Tensor:
        """The clock as the network reads it: the paper counts steps from 0 to 999."""
        return time * LINEAR_STEPS - (1 if self.config.schedule == "linear" else 0)

    def denoise(
        self, denoiser: Denoiser, layout: Layout, state: Values, observed: Values, time: Tensor
    ) -> dict[str, Tensor]:
        """Expected clean state of reals and vectors; log probabilities of discretes, `[B, *shape, K]`."""
        outputs: dict[str, Tensor] = denoiser(layout, state, observed, self.network_time(time))
        for slot in layout.arrays:
            out = outputs[slot.name]
            if slot.kind.discrete:
                outputs[slot.name] = F.log_softmax(out, dim=-1)
            elif self.config.prediction == "v":
                signal, sigma = (
                    expand(f, out).to(out.dtype) for f in signal_and_noise(self.config.schedule, time)
                )
                outputs[slot.name] = signal * state[slot.name] - sigma * out
        return outputs


def expand(per_example: Tensor, like: Tensor) -> Tensor:
    """View `[B]` so that it broadcasts against `[B, ...]`."""
    return per_example.view(-1, *([1] * (like.dim() - 1)))


def across(per_node: Tensor, like: Tensor) -> Tensor:
    """View `[B, *shape]` so that it broadcasts against values or states, which may have channels last."""
    return per_node if per_node.dim() == like.dim() else per_node[..., None]


def onto_simplex(vectors: Tensor) -> Tensor:
    """Vectors `[..., K]` with every entry positive and of sum 1."""
    raised = vectors.clamp(min=LEAST_SHARE)
    return raised / raised.sum(-1, keepdim=True)
