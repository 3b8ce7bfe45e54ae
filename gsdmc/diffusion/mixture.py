"""Mixtures of normals: predictive distributions of reals, vectors and counts with exact probabilities.

Source: Bishop 1994, mixture density networks; of masked reals Kitouni et al. 2024 (KBFormer), section 3.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from gsdmc.diffusion.noise import Noise, gumbel
from gsdmc.diffusion.normal import FURTHEST, log_normal_mass
from gsdmc.language.kinds import Kind

LEAST_STD = 1e-3
"""Standard deviations come down to this and no lower: what a program computes has a density without bound."""

GOLDEN = (math.sqrt(5) - 1) / 2
LOG_ROOT = math.log(2 * math.pi) / 2


@dataclass(frozen=True, eq=False)
class Grid:
    """The states of counts: their array's mean and standard deviation, `[*shape]`, and the least count."""

    mean: Tensor
    std: Tensor
    least: float

    def snap(self, state: Tensor) -> Tensor:
        """The nearest state of a whole number."""
        whole = (state * self.std + self.mean).round().clamp(min=self.least)
        return (whole - self.mean) / self.std

    def edges(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Where the states that are rounded to a whole number begin and end, float64."""
        whole = (state.double() * self.std + self.mean).round()
        low, high = ((whole + half - self.mean) / self.std for half in (-0.5, 0.5))
        return torch.where(whole <= self.least, -FURTHEST, low), high


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of K normals for every element of an array.

    The channels of a vector are independent within a component. A simplex lies in a plane of its channels;
    its density is the mixture's, seen along (1, …, 1), in the plane's volume. Counts have probabilities,
    those of the interval that is rounded to them.

    Attributes:
        packed: `[B, *shape, K (1 + 2 C)]`, log weights, then means, then logarithms of standard
            deviations, of the C channels of each component in a row.
        components: K.
        kind: of the array.
        grid: of counts.
    """

    packed: Tensor
    components: int
    kind: Kind
    grid: Grid | None = None

    @property
    def log_weights(self) -> Tensor:
        """`[B, *shape, K]`, whose exponentials sum to 1."""
        return self.packed[..., : self.components]

    @property
    def means(self) -> Tensor:
        """`[B, *shape, K, C]`."""
        return self._channels(0)

    @property
    def log_stds(self) -> Tensor:
        """`[B, *shape, K, C]`."""
        return self._channels(1)

    def _channels(self, part: int) -> Tensor:
        size = self.components * self.kind.channels
        start = self.components + part * size
        return _split(self.packed[..., start : start + size], self.kind.channels)

    @property
    def mean(self) -> Tensor:
        """`[B, *state_shape]`."""
        return self._shaped((self.log_weights.exp()[..., None] * self.means).sum(-2))

    @property
    def std(self) -> Tensor:
        """Standard deviation, root-mean-square over channels: `[B, *shape]`."""
        weights = self.log_weights.exp()[..., None]
        centre = (weights * self.means).sum(-2, keepdim=True)
        spread = (2 * self.log_stds).exp() + (self.means - centre).square()
        return (weights * spread).sum(-2).mean(-1).sqrt()

    def log_prob(self, x0: Tensor) -> Tensor:
        """Log density of clean states, or probability of counts' ones: `[B, *shape]`."""
        if self.grid is not None:
            low, high = (edge[..., None] for edge in self.grid.edges(x0))
            means, stds = self.means[..., 0].double(), self.log_stds[..., 0].double().exp()
            each = log_normal_mass((low - means) / stds, (high - means) / stds).to(x0.dtype)
            return torch.logsumexp(self.log_weights + each, -1)
        x = x0 if self.kind.event_shape else x0[..., None]  # [B, *shape, C]
        gap = x[..., None, :] - self.means
        logs = self.log_stds
        each = -(logs + LOG_ROOT).sum(-1)
        if self._simplex:
            precision = (-2 * logs).exp()
            shares = precision / precision.sum(-1, keepdim=True)
            gap = gap - (shares * gap).sum(-1, keepdim=True)
            # The integral along the plane's unit normal, whose precision is that of the mean of the channels.
            each = each + LOG_ROOT - (precision.mean(-1)).log() / 2
        each = each - (gap * (-logs).exp()).square().sum(-1) / 2
        return torch.logsumexp(self.log_weights + each, -1)

    def draw(self, noise: Noise, array: str, step: int) -> Tensor:
        """A clean state, `[B, *state_shape]`, that of a whole number for counts."""
        shape, device = tuple(self.log_weights.shape), self.packed.device
        uniforms = noise.uniform(array, step, shape).to(device)
        chosen = (self.log_weights.double() + gumbel(uniforms)).argmax(-1)[
            ..., None, None
        ]  # [B, *shape, 1, 1]
        mean, log_std = (torch.take_along_dim(p, chosen, -2)[..., 0, :] for p in (self.means, self.log_stds))
        normals = noise.normal(array, step, (*shape[:-1], *self.kind.event_shape)).to(device)
        normals = normals if self.kind.event_shape else normals[..., None]
        state = self._shaped((mean + log_std.exp() * normals).to(self.packed.dtype))
        return state if self.grid is None else self.grid.snap(state)

    @property
    def _simplex(self) -> bool:
        return self.kind.support == "simplex"

    def _shaped(self, channels: Tensor) -> Tensor:
        """Channels `[B, *shape, C]` as a state: in the plane of a simplex, without a dimension for one."""
        if self._simplex:
            return channels - channels.mean(-1, keepdim=True)
        return channels if self.kind.event_shape else channels[..., 0]


def unpack_outputs(out: Tensor, components: int, channels: int) -> tuple[Tensor, Tensor, Tensor]:
    """A network's output as log weights `[..., K]`, means and log standard deviations `[..., K, C]`.

    An output of zeros has mean 0 and variance 1 in each channel, from components at different places, which
    training can tell apart.

    Args:
        out: `[..., K (1 + 2 C)]`.
        components: K.
        channels: C.
    """
    places, log_std = anchors(components, channels)
    weights, rest = out[..., :components], out[..., components:]
    means, logs = (_split(part, channels) for part in rest.chunk(2, -1))
    return weights.log_softmax(-1), means + places.to(out, non_blocking=True), logs + log_std


def pack(log_weights: Tensor, means: Tensor, log_stds: Tensor) -> Tensor:
    """`Mixture.packed`, with no standard deviation below `LEAST_STD`."""
    floor = torch.full_like(log_stds, math.log(LEAST_STD))
    parts = (log_weights, means.flatten(-2), torch.logaddexp(log_stds, floor).flatten(-2))
    return torch.cat(parts, -1)


def coin(std: Tensor) -> Tensor:
    """Log probabilities of a coin as uncertain as a real of a standard deviation: `[...]` to `[..., 2]`.

    Its margin, 1 less the standard deviation where the prior's is 1, ranks reals among discrete values
    when the most certain ones are to be revealed first. It is a convention: no scale compares the two.
    """
    margin = 1 - std.double().clamp(max=1)
    return torch.stack((1 + margin, 1 - margin), -1).div(2).clamp(min=1e-30).log()


def _split(flat: Tensor, channels: int) -> Tensor:
    """`[..., K C]` to `[..., K, C]`."""
    return flat.reshape(*flat.shape[:-1], flat.shape[-1] // channels, channels)


@cache
def anchors(components: int, channels: int) -> tuple[Tensor, float]:
    """Places of components, `[K, C]` float64, and the log standard deviation that makes their variance 1.

    Along each channel they are the normal quantiles of K equal parts; channels order the components
    differently, by multiples of the golden section, lest the components of a vector lie on a diagonal.
    """
    parts = (torch.arange(components, dtype=torch.float64) + 0.5) / components
    quantiles: Tensor = torch.special.ndtri(parts)
    turns = torch.arange(1, components + 1, dtype=torch.float64) * GOLDEN
    orders = torch.outer(torch.arange(channels, dtype=torch.float64), turns) % 1  # [C, K]
    orders[0] = parts
    places = quantiles[orders.argsort(dim=1).argsort(dim=1)].T
    return places, math.log(1 - quantiles.square().mean().item()) / 2
