"""Log probabilities with their errors, and what every way to compute them needs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.process import Process, Values, across
from gsdmc.layout.layout import ArraySlot, Layout


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number per example and its error, `[B]` float64 each: a standard error, or a numerical one."""

    value: Tensor
    error: Tensor


def latent_slots(
    process: Process, layout: Layout, observed: Values
) -> tuple[list[ArraySlot], list[ArraySlot]]:
    """Arrays with something to infer: those of the Gaussian process, and those of the masked one."""
    gaussian: list[ArraySlot] = []
    masked: list[ArraySlot] = []
    for slot in layout.arrays:
        if not bool(observed[slot.name].all()):
            (masked if process.is_masked(slot) else gaussian).append(slot)
    return gaussian, masked


def continuous(slot: ArraySlot) -> bool:
    """Whether an array's values have a density; counts and discretes have probabilities."""
    return slot.kind.name in ("real", "vector")


def total(per_element: Tensor, latent: Tensor) -> Tensor:
    """Sum of `[B, *shape]`, or `[B, *shape, K]`, over what is latent (`[B, *shape]`): `[B]` float64."""
    kept = torch.where(across(latent, per_element), per_element.double(), 0.0)
    return kept.reshape(len(kept), -1).sum(1)


def dimensions(slot: ArraySlot) -> float:
    """Dimensions per channel of a state: those of K shares of a simplex lie in a plane of K - 1."""
    return 1 - 1 / slot.kind.size if slot.kind.support == "simplex" else 1.0


def into_plane(slot: ArraySlot, state: Tensor) -> Tensor:
    """States or predictions without what leads out of the plane in which a simplex lies."""
    return state - state.mean(-1, keepdim=True) if slot.kind.support == "simplex" else state


def log_volume(process: Process, layout: Layout, values: Values, observed: Values) -> Tensor:
    """Log of the factor from a density of states to one of the program's own values: `[B]` float64.

    It is log |∂ state / ∂ value| of the latent reals and vectors; counts have probabilities, not densities.
    """
    terms = process.log_jacobian(layout, values, {name: ~seen for name, seen in observed.items()})
    names = [slot.name for slot in layout.arrays if continuous(slot)]
    first = next(iter(values.values()))
    zero = torch.zeros(len(first), dtype=torch.float64, device=first.device)
    return zero + sum((terms[name] for name in names), zero)
