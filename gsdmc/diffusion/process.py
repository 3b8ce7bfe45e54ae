"""The joint diffusion process: Gaussian reals beside masked or one-hot Gaussian discretes, on one clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.bijections import EDGE, bijection_of, onto_simplex
from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.mixture import Grid, Mixture, pack, unpack_outputs
from gsdmc.diffusion.part import Part, draw_rows
from gsdmc.diffusion.prediction import recover, scale
from gsdmc.diffusion.predictive import Categorical, Point, Predictive
from gsdmc.diffusion.schedule import LINEAR_STEPS, signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import Kind
from gsdmc.layout.layout import ArraySlot, Layout
from gsdmc.model.denoiser import Denoiser

__all__ = ["Process", "ProcessConfig", "Values", "across", "expand"]

Values = Mapping[str, Tensor]

CERTAIN = 1e6
"""How much less likely than the value that is there others of a known discrete variable are, in nats."""

FARTHEST = 12.0
"""How far below the mean of its logarithm a positive value may be read, in standard deviations, at least."""


@dataclass(frozen=True, eq=False)
class Process:
    """A process and the scales of the program's reals.

    States are what the network reads: standardised reals `[B, *shape]` and vectors `[B, *shape, K]`;
    for discrete arrays `[B, *shape, K]` one-hots, masked ones zero. Reals and vectors of the masked process
    have a flag as one more channel last, 1 where they are there, and are zero where they are masked.
    """

    config: ProcessConfig
    standardiser: Standardiser

    def encode(self, layout: Layout, values: Values, dtype: torch.dtype) -> dict[str, Tensor]:
        """The clean state of values (`[B, *value_shape]` each, in the kinds' own dtypes).

        Values at the edge of their support are moved inside, in an interval and a simplex by `EDGE` of
        their size. Positive values are raised to `EDGE` of their geometric mean, or to `FARTHEST` standard
        deviations of their logarithm below its mean where that is less.
        """
        state = {}
        for slot in layout.arrays:
            value = values[slot.name]
            if slot.kind.discrete:
                state[slot.name] = F.one_hot(value.long(), slot.kind.options).to(dtype)
            elif self.config.bijections:
                mean, std = self.standardiser.scales(layout, slot, torch.float64)
                encoded = (bijection_of(slot.kind).forward(value).double() - mean) / std
                if slot.kind.name == "real" and slot.kind.support == "positive" and self.config.standardise:
                    encoded = encoded.maximum(-(-math.log(EDGE) / std).clamp(min=FARTHEST))
                state[slot.name] = self.flagged(slot, encoded.to(dtype))
            else:
                mean, std = self.standardiser.scales(layout, slot, dtype)
                state[slot.name] = self.flagged(slot, (value.to(dtype) - mean) / std)
        return state

    def decode(self, layout: Layout, state: Values) -> dict[str, Tensor]:
        """The values of a finished state, always within their support: counts are rounded.

        With bijections reals with a support come out strictly inside it, whatever the state. Without them,
        they are clipped, and the shares of a simplex raised and scaled to sum to 1.
        """
        values = {}
        for slot in layout.arrays:
            part = state[slot.name]
            if slot.kind.discrete:
                index = part.argmax(-1)
                values[slot.name] = index.bool() if slot.kind.name == "boolean" else index
                continue
            mean, std = self.standardiser.scales(layout, slot, part.dtype)
            real = self.unflagged(slot, part) * std + mean
            if self.config.bijections:
                real = bijection_of(slot.kind).inverse(real)
            else:
                real = _clipped(real, slot.kind)
            if slot.kind.name == "count":
                whole = real.round().long()
                real = whole.clamp(min=0) if slot.kind.support == "positive" else whole
            values[slot.name] = real
        return values

    def log_jacobian(
        self, layout: Layout, values: Values, where: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """The log of |d state / d values| of every array, `[B]` float64: what decoding adds to a log density.

        Discrete arrays have none, so zero. A simplex of K shares is a plane of K - 1 dimensions in its state
        of K channels; its term is that of the K - 1 shares into the plane's volume. Whoever integrates a
        density over all K channels divides it by the density of √K times their mean, which is pure noise
        (its clean value is 0).

        Args:
            layout: the size of the program that the values have.
            values: `[B, *value_shape]` by array.
            where: `[B, *shape]` booleans by array, the elements to count; all of them when None.
        """
        terms = {}
        for slot in layout.arrays:
            value = values[slot.name]
            if slot.kind.discrete:
                terms[slot.name] = torch.zeros(value.shape[0], dtype=torch.float64, device=value.device)
                continue
            std = self.standardiser.scales(layout, slot, torch.float64)[1]
            simplex = self.config.bijections and slot.kind.support == "simplex"
            # A simplex has one scale for its K channels, which counts once per dimension of its plane.
            spread = std.log()
            if slot.kind.event_shape:
                spread = (spread[..., 1:] if simplex else spread).sum(-1)
            each = -spread.expand(value.shape[: 1 + len(slot.shape)])  # [B, *shape]
            if self.config.bijections:
                each = each + bijection_of(slot.kind).log_jacobian(value.double())
            if where is not None:
                each = torch.where(where[slot.name], each, 0.0)
            terms[slot.name] = each.reshape(value.shape[0], -1).sum(1)
        return terms

    def is_masked(self, slot: ArraySlot) -> bool:
        """Whether an array runs the masked process, and not the Gaussian one."""
        return self.config.masks(slot.kind)

    def flagged(self, slot: ArraySlot, value: Tensor) -> Tensor:
        """Clean values `[B, *value_shape]` of reals as states that are all there, see `Process`."""
        if slot.kind.discrete or not self.is_masked(slot):
            return value
        channels = value if slot.kind.event_shape else value[..., None]
        return torch.cat((channels, torch.ones_like(channels[..., :1])), -1)

    def unflagged(self, slot: ArraySlot, state: Tensor) -> Tensor:
        """The inverse of `flagged`; masked values are 0."""
        if slot.kind.discrete or not self.is_masked(slot):
            return state
        return state[..., :-1] if slot.kind.event_shape else state[..., 0]

    def masking(self, time: Tensor) -> Tensor:
        """Probability that a value of the masked process is masked at `time`."""
        return time**self.config.mask_power

    def mask_rate(self, time: Tensor) -> Tensor:
        """The weight of a masked value's cross-entropy at uniform times in the evidence bound.

        With α the probability of being unmasked, here 1 - t^p, it is -α' / (1 - α) = p / t (Sahoo et al.
        2024, equation 11).
        """
        return self.config.mask_power / time

    def corrupt(
        self,
        layout: Layout,
        clean: Values,
        observed: Values,
        time: Tensor,
        generator: torch.Generator,
        part: Part | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Draw the state at a time, `[B]` float64, with evidence left clean; of a `part`, as in its whole.

        Returns:
            The state, and what the loss needs of the noise: the Gaussian noise itself, and for
            masked arrays which values are masked (`[B, *shape]` booleans).
        """
        state, noise = {}, {}
        for slot in layout.arrays:
            x0, seen = clean[slot.name], observed[slot.name]
            device = x0.device
            if self.is_masked(slot):
                draw = draw_rows(torch.rand, seen.shape, part, generator, device)
                masked = (draw < expand(self.masking(time), seen).to(draw.dtype)) & ~seen
                state[slot.name] = x0 * ~masked[..., None]
                noise[slot.name] = masked
            else:
                epsilon = draw_rows(torch.randn, x0.shape, part, generator, device, x0.dtype)
                signal, sigma = self.factors(time, x0)
                state[slot.name] = torch.where(across(seen, x0), x0, signal * x0 + sigma * epsilon)
                noise[slot.name] = epsilon
        return state, noise

    def network_time(self, time: Tensor, layout: Layout | None = None) -> Tensor:
        """The clock as the network reads it: the paper counts steps from 0 to 999.

        Without `time_conditioning` it stands still for a layout whose arrays are all masked.
        """
        slots = () if layout is None or self.config.time_conditioning else layout.arrays
        if slots and all(self.is_masked(slot) for slot in slots):
            return torch.zeros_like(time)
        return time * LINEAR_STEPS - (1 if self.config.schedule == "linear" else 0)

    def denoise(
        self, denoiser: Denoiser, layout: Layout, state: Values, observed: Values, time: Tensor
    ) -> dict[str, Tensor]:
        """Expected clean values of reals and vectors; log probabilities of discretes, `[B, *shape, K]`.

        Masked arrays follow the simplified form of Sahoo et al. 2024 (section 3.2.3): to be masked
        is no option that could have a probability, and unmasked values, evidence among them, are
        carried over: discrete ones with a log probability of 0, all others having `-CERTAIN`.
        """
        found = self.statistics(denoiser, layout, state, observed, time)
        for slot in layout.arrays:
            if slot.kind.discrete or not self.config.mixture:
                continue
            mean = self.predictive(layout, slot, found[slot.name]).mean
            if self.is_masked(slot):
                shown = across(state[slot.name][..., -1] != 0, mean)
                mean = torch.where(shown, self.unflagged(slot, state[slot.name]), mean)
            found[slot.name] = mean
        return found

    def predict(
        self, denoiser: Denoiser, layout: Layout, state: Values, observed: Values, time: Tensor
    ) -> dict[str, Predictive]:
        """What is believed of clean values, as distributions; arguments as for `denoise`."""
        found = self.statistics(denoiser, layout, state, observed, time)
        return {s.name: self.predictive(layout, s, found[s.name]) for s in layout.arrays}

    def statistics(
        self, denoiser: Denoiser, layout: Layout, state: Values, observed: Values, time: Tensor
    ) -> dict[str, Tensor]:
        """The tensors that predictive distributions are made of.

        Log probabilities of discretes; of reals, vectors and counts their expectation, or `Mixture.packed`.
        """
        outputs: dict[str, Tensor] = denoiser(layout, state, observed, self.network_time(time, layout))
        for slot in layout.arrays:
            outputs[slot.name] = self.statistic(slot, outputs[slot.name], state[slot.name], time)
        return outputs

    def statistic(self, slot: ArraySlot, out: Tensor, state: Tensor, time: Tensor) -> Tensor:
        """The statistics of one array from the network's output for it.

        Of the Gaussian process a mixture is one of what the network predicts, as `ProcessConfig.prediction`
        says; masked reals have no state that noise or v could be told from, so theirs is of the data.
        """
        if slot.kind.discrete:
            log_p = F.log_softmax(out, dim=-1)
            if self.is_masked(slot):
                shown = (state != 0).any(-1, keepdim=True)
                log_p = torch.where(shown, (state - 1) * CERTAIN, log_p)
            return log_p
        prediction = self.config.prediction
        if not self.config.mixture:
            return recover(prediction, out, state, *self.factors(time, out))
        log_weights, means, log_stds = unpack_outputs(out, self.config.components, slot.kind.channels)
        if not self.is_masked(slot):
            factors = self.factors(time, means)
            x = state if slot.kind.event_shape else state[..., None]  # [B, *shape, C]
            means = recover(prediction, means, x[..., None, :], *factors)
            log_stds = log_stds + scale(prediction, *factors).log()
        return pack(log_weights, means, log_stds)

    def predictive(self, layout: Layout, slot: ArraySlot, statistic: Tensor) -> Predictive:
        """The distribution that an array's statistics stand for."""
        if slot.kind.discrete:
            return Categorical(statistic)
        if not self.config.mixture:
            return Point(statistic)
        grid = None
        if slot.kind.name == "count":
            mean, std = self.standardiser.scales(layout, slot, statistic.dtype)
            grid = Grid(mean, std, 0.0 if slot.kind.support == "positive" else -math.inf)
        return Mixture(statistic, self.config.components, slot.kind, grid)

    def factors(self, time: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """(signal, noise) at times `[B]`, in the dtype of a state `[B, ...]` and to broadcast against it."""
        signal, noise = signal_and_noise(self.config.schedule, time)
        return expand(signal, like).to(like.dtype), expand(noise, like).to(like.dtype)


def expand(per_example: Tensor, like: Tensor) -> Tensor:
    """View `[B]` so that it broadcasts against `[B, ...]`."""
    return per_example.view(-1, *([1] * (like.dim() - 1)))


def across(per_node: Tensor, like: Tensor) -> Tensor:
    """View `[B, *shape]` so that it broadcasts against values or states, which may have channels last."""
    return per_node if per_node.dim() == like.dim() else per_node[..., None]


def _clipped(real: Tensor, kind: Kind) -> Tensor:
    """Reals brought into their support from outside."""
    if kind.support == "simplex":
        return onto_simplex(real)
    low, high = kind.bounds or (None, None)
    if low is None and kind.support == "positive":
        low = 0.0
    return real if low is None and high is None else real.clamp(low, high)
