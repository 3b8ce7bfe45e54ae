"""Training losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.part import Part
from gsdmc.diffusion.prediction import error_weight, target
from gsdmc.diffusion.process import Process, Values, across, expand
from gsdmc.layout.layout import ArraySlot, Layout
from gsdmc.model.denoiser import Denoiser


def diffusion_loss(
    denoiser: Denoiser,
    layout: Layout,
    process: Process,
    values: Values,
    observed: Values,
    time: Tensor,
    generator: torch.Generator,
    part: Part | None = None,
) -> Tensor:
    """The loss of one batch, a scalar; of a part of a batch, its share of the whole's.

    `balanced` averages each array's loss over its latent elements, then the arrays: weighted squared error
    of the prediction for standardised reals, its mean over the channels of vectors, or the negative log
    density of a mixture, per channel; cross-entropy of discretes; both weighted in the masked process.
    Neither an array's size nor its scale changes its share. Values that are evidence or not masked add
    nothing: they are carried over. `sum` is the squared error of the data summed over all latent nodes and
    their channels, averaged over the batch (Weilbach et al. 2022, equation 4).

    Args:
        denoiser: the network.
        layout: the size of the program that the values have.
        process: the diffusion process.
        values: joint draws of every array, `[B, *shape]`, or `[B, *shape, K]` for vectors.
        observed: what is evidence, `[B, *shape]` booleans.
        time: `[B]` float64.
        generator: source of the process's noise.
        part: which rows of a larger batch these are; None where they are all.
    """
    dtype = next(denoiser.parameters()).dtype
    clean = process.encode(layout, values, dtype)
    state, noise = process.corrupt(layout, clean, observed, time, generator, part)
    if process.config.loss == "sum":
        predictions = process.denoise(denoiser, layout, state, observed, time)
        return _summed(predictions, layout, clean, observed, None if part is None else part.size)
    outputs = denoiser(layout, state, observed, process.network_time(time, layout))
    losses = array_losses(layout, process, outputs, clean, state, noise, observed, time, part)
    return torch.stack(list(losses.values())).sum() / max(1, len(losses))


def array_losses(
    layout: Layout,
    process: Process,
    outputs: Values,
    clean: Values,
    state: Values,
    noise: Values,
    observed: Values,
    time: Tensor,
    part: Part | None = None,
) -> dict[str, Tensor]:
    """Each array's share of the `balanced` loss, a scalar: its errors' mean over what is latent.

    Args:
        layout: the size of the program.
        process: the diffusion process.
        outputs: of the network, for a batch of states.
        clean: what the states were made of; see `Process.encode`.
        state: see `Process.corrupt`.
        noise: see `Process.corrupt`.
        observed: what is evidence, `[B, *shape]` booleans.
        time: `[B]` float64.
        part: see `diffusion_loss`; the mean is then the whole's, as far as these rows add to it.
    """
    losses = {}
    for slot in layout.arrays:
        name, latent = slot.name, ~observed[slot.name]
        parts = (outputs[name], clean[name], state[name], noise[name])
        error = _errors(layout, process, slot, *parts, latent, time)
        count = latent.sum().clamp(min=1) if part is None else max(1, part.latent[name])
        losses[name] = error.sum() / count
    return losses


def _errors(
    layout: Layout,
    process: Process,
    slot: ArraySlot,
    out: Tensor,
    clean: Tensor,
    state: Tensor,
    noise: Tensor,
    latent: Tensor,
    time: Tensor,
) -> Tensor:
    """The weighted error of every element of an array, `[B, *shape]`, zero where nothing is predicted."""
    config, masked = process.config, process.is_masked(slot)
    predicted = noise if masked else latent
    if slot.kind.discrete:
        error = -(F.log_softmax(out, dim=-1) * clean).sum(-1)
    elif config.mixture:
        found = process.predictive(layout, slot, process.statistic(slot, out, state, time))
        error = -found.log_prob(process.unflagged(slot, clean)) / slot.kind.channels
    else:
        factors = process.factors(time, clean)
        error = (out - target(config.prediction, clean, noise, *factors)).square()
        error = error * error_weight(config.weighting, config.prediction, *factors)
        error = error.mean(-1) if slot.kind.event_shape else error
    if masked:
        error = error * expand(process.mask_rate(time) ** config.mask_weight, error).to(error.dtype)
    return error * predicted


def _summed(predictions: Values, layout: Layout, clean: Values, observed: Values, size: int | None) -> Tensor:
    total = next(iter(clean.values())).new_zeros(())
    for slot in layout.arrays:
        predicted, x0, latent = predictions[slot.name], clean[slot.name], ~observed[slot.name]
        error = ((predicted.exp() if slot.kind.discrete else predicted) - x0).square()
        total = total + (error * across(latent, error)).sum() / (size or latent.shape[0])
    return total
