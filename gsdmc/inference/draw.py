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

BYTES = 4
"""Of a number in single precision."""

WORKING = 5
"""Layers of so many numbers that sampling holds at its peak; `tests/inference/test_draw.py` measures it."""


def draw(
    trained: TrainedModel,
    layout: Layout,
    values: Mapping[str, Tensor],
    mask: Mapping[str, Tensor],
    *,
    seed: int,
    steps: int | None = None,
    trace: Trace | None = None,
    memory: int | None = None,
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
        memory: bytes that the network may work in, see `rows_within`; those of `BUDGET` when None.

    Returns:
        Per array `[B, *value_shape]`, on the CPU.

    Raises:
        GsdmcError: no steps, or too little memory for a single sample.
    """
    config = trained.config.sampler
    if steps is not None:
        if steps < 1:
            raise GsdmcError(f"sampling takes at least one step, not {steps}")
        config = replace(config, steps=steps)
    batch = len(next(iter(mask.values())))
    width = trained.denoiser.config.width
    size = chunk_size(layout, width) if memory is None else rows_within(memory, layout, width)
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
    return max(1, BUDGET // numbers_per_row(layout, width))


def rows_within(memory: int, layout: Layout, width: int) -> int:
    """Examples that sampling can take at a time in so many bytes, weights and results not counted.

    Raises:
        GsdmcError: there is no room for one.
    """
    row = BYTES * WORKING * numbers_per_row(layout, width)
    if memory < row:
        raise GsdmcError(
            f"a memory of {memory:,} bytes has no room for a sample",
            hint=f"one takes up to {row:,} bytes here",
        )
    return memory // row


def numbers_per_row(layout: Layout, width: int) -> int:
    """Numbers that the values of one example, or one layer for its nodes and edges, come to."""
    channels = sum(math.prod(slot.state_shape) for slot in layout.arrays)
    return max(channels, width * (layout.nodes + layout.structure.entries))
