"""Batches of network samples within a memory budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from gsdmc.diffusion.sampling.sampler import Trace, sample
from gsdmc.language.source import GsdmcError
from gsdmc.layout.layout import Layout
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.seeds import generator

SAMPLING = 101
"""The stream of random numbers that samples come from; training has streams of its own."""

BUDGET = 1 << 24
"""Most numbers that the values, or one layer for nodes and edges, hold at a time."""


def draw(
    trained: TrainedModel,
    layout: Layout,
    values: Mapping[str, Tensor],
    mask: Mapping[str, Tensor],
    *,
    seed: int,
    steps: int | None = None,
    trace: Trace | None = None,
) -> dict[str, Tensor]:
    """Draw one joint sample per row of evidence.

    Args:
        trained: the network, on any device, and its process.
        layout: the size to sample at.
        values: per array `[B, *value_shape]`, the evidence; ignored where the mask is false.
        mask: per array `[B, *shape]` booleans, true where the value is evidence.
        seed: of all noise, which is drawn on the CPU; the same seed, evidence and steps give the same
            samples, on all devices up to rounding.
        steps: network calls; the model's own number when None.
        trace: counts that network calls are added to.

    Returns:
        Per array `[B, *value_shape]`, on the CPU.

    Raises:
        GsdmcError: no steps.
    """
    config = trained.config.sampler
    if steps is not None:
        if steps < 1:
            raise GsdmcError(f"sampling takes at least one step, not {steps}")
        config = replace(config, steps=steps)
    batch = len(next(iter(mask.values())))
    size = chunk_size(layout, trained.denoiser.config.width)
    device = trained.device
    there = layout.to(device)
    parts: list[dict[str, Tensor]] = []
    for number, start in enumerate(range(0, batch, size)):
        rows = slice(start, start + size)
        drawn = sample(
            trained.denoiser,
            there,
            trained.process,
            {name: value[rows].to(device) for name, value in values.items()},
            {name: seen[rows].to(device) for name, seen in mask.items()},
            config=config,
            generator=generator(seed, SAMPLING, number),
            trace=trace,
        )
        parts.append({name: value.cpu() for name, value in drawn.items()})
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def chunk_size(layout: Layout, width: int) -> int:
    """Examples that fit the budget; it depends on sizes alone, so that seeds mean the same everywhere."""
    channels = sum(math.prod(slot.state_shape) for slot in layout.arrays)
    return max(1, BUDGET // max(channels, width * (layout.nodes + layout.structure.entries)))
