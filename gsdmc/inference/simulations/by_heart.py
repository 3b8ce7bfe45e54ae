"""Whether a network has learnt its simulations by heart: its loss on them, beside that on others."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gsdmc.diffusion.loss import diffusion_loss
from gsdmc.diffusion.times import draw_times
from gsdmc.inference.simulations.keep import Source
from gsdmc.training.checkpoint import Model
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import generator

SEEN, UNSEEN = "seen_loss", "held_out_loss"
"""The fields of a model's metrics."""

MOST, PASS = 256, 32
"""Simulations of each kind that are looked at, and how many at a time, whatever the batch in training."""

COMPARED = 403
"""The stream of random numbers: evidence, times and noise, the same for both."""


def by_heart(source: Source, model: Model, seed: int) -> dict[str, float]:
    """The mean loss on simulations that were trained on and on as many that were held out.

    Both have the same queries, times and noise, so that they differ by the simulations alone.

    Args:
        source: of the run.
        model: its network, with averaged weights.
        seed: of queries, times and noise.

    Returns:
        Two numbers by `SEEN` and `UNSEEN`; none of them where nothing is held out, or where there is no set.
    """
    if source.trained_on is None:
        return {}
    count = min(MOST, source.kept.held_out, len(next(iter(source.trained_on.values()))))
    if not count:
        return {}
    sets = {SEEN: source.trained_on, UNSEEN: source.kept.values}
    return {name: mean_loss(source, values, count, model, seed) for name, values in sets.items()}


@torch.no_grad()
def mean_loss(source: Source, values: Mapping[str, Tensor], count: int, model: Model, seed: int) -> float:
    """The mean loss of the first `count` simulations."""
    layout, config, process = source.problem.layout, model.config, model.process
    total = 0.0
    for start in range(0, count, PASS):
        rows = slice(start, min(start + PASS, count))
        number = rows.stop - rows.start
        dice = generator(seed, COMPARED, start)
        given = source.problem.givens
        masks = draw_masks(layout, given, number, dice, config.conditioning, config.missing)
        times = draw_times(config.process.times, config.process.schedule, number, dice)
        part = {name: value[rows] for name, value in values.items()}
        loss = diffusion_loss(model.denoiser, layout, process, part, masks, times, dice)
        total += number * loss.item()
    return total / count
