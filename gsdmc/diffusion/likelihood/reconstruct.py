"""Probabilities of values given their state at the least noise, where the Gaussian process ends."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.half_angle import signal_and_noise_at
from gsdmc.diffusion.normal import log_normal_mass
from gsdmc.diffusion.process import Process, Values
from gsdmc.layout.layout import ArraySlot, Layout


def reconstruction(
    process: Process,
    layout: Layout,
    slot: ArraySlot,
    values: Values,
    clean: Values,
    low: float,
    normal: Callable[..., Tensor],
    repeats: int,
) -> Tensor:
    """Draw states at the least noise, and the log probability of the values that they came from.

    For one-hots the category's likelihood of the state, normalised over categories; for counts what the
    normal around the state leaves to the interval that rounds to the count (Kingma et al. 2021, section
    3.3; Ho et al. 2020, equation 13). Neither asks the network.

    Args:
        process: gives the states of counts and of the edges between them.
        layout: the size of the program that the values have.
        slot: an array of counts, or of discrete variables.
        values: per array `[B, *shape]`.
        clean: their states.
        low: half-angle of the least noise.
        normal: draws standard normals, float64, of the shape that it is given.
        repeats: how many draws of each value.

    Returns:
        `[repeats · B, *shape]` float64.
    """
    signal, noise = signal_and_noise_at(torch.tensor(low, dtype=torch.float64))
    x0 = clean[slot.name].repeat(repeats, *[1] * (clean[slot.name].dim() - 1))
    state = signal * x0 + noise * normal(*x0.shape)
    if slot.kind.discrete:
        logits = state * (signal / noise.square())
        return (torch.log_softmax(logits, -1) * x0).sum(-1)
    whole = values[slot.name].double()
    lower, upper = (
        process.encode(layout, {**values, slot.name: whole + half}, torch.float64)[slot.name]
        for half in (-0.5, 0.5)
    )
    if slot.kind.support == "positive":  # what falls below 0 is rounded to 0
        lower = torch.where(whole <= 0, -torch.inf, lower)
    shape = (repeats, *[1] * (whole.dim() - 1))
    spread = noise / signal
    return log_normal_mass(
        (lower.repeat(shape) - state / signal) / spread, (upper.repeat(shape) - state / signal) / spread
    )
