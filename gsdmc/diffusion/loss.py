"""Training losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.process import Process, Values, across, expand
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser


def diffusion_loss(
    denoiser: Denoiser,
    layout: Layout,
    process: Process,
    values: Values,
    observed: Values,
    time: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """The loss of one batch, a scalar.

    `balanced` averages each array's loss over its latent elements, then the arrays: squared error
    of the prediction for standardised reals, its mean over the channels of vectors, cross-entropy of
    masked values (with `mask_weight` 1 weighted as in Sahoo et al. 2024, equation 11), so that neither an
    array's size nor its scale changes its share. `sum` is the squared error of the data summed over all
    latent nodes and their channels, averaged over the batch (Weilbach et al. 2022, equation 4).

    Args:
        denoiser: the network.
        layout: the size of the program that the values have.
        process: the diffusion process.
        values: joint draws of every array, `[B, *shape]`, or `[B, *shape, K]` for vectors.
        observed: what is evidence, `[B, *shape]` booleans.
        time: `[B]` float64.
        generator: source of the process's noise.
    """
    dtype = next(denoiser.parameters()).dtype
    clean = process.encode(layout, values, dtype)
    state, noise = process.corrupt(layout, clean, observed, time, generator)
    if process.config.loss == "sum":
        return _summed(process.denoise(denoiser, layout, state, observed, time), layout, clean, observed)
    outputs = denoiser(layout, state, observed, process.network_time(time))
    signal, sigma = signal_and_noise(process.config.schedule, time)
    losses = []
    for slot in layout.arrays:
        out, x0, latent = outputs[slot.name], clean[slot.name], ~observed[slot.name]
        if slot.kind.discrete and process.config.discrete == "masked":
            masked = noise[slot.name]
            rate = process.masking(time) ** -process.config.mask_weight
            weight = masked * expand(rate, masked).to(dtype)
            error = -(F.log_softmax(out, dim=-1) * x0).sum(-1) * weight
        elif slot.kind.discrete:
            error = -(F.log_softmax(out, dim=-1) * x0).sum(-1) * latent
        else:
            target = x0
            if process.config.prediction == "v":
                target = expand(signal, x0).to(dtype) * noise[slot.name] - expand(sigma, x0).to(dtype) * x0
            squared = (out - target).square()
            error = (squared.mean(-1) if slot.kind.event_shape else squared) * latent
        losses.append(error.sum() / latent.sum().clamp(min=1))
    return torch.stack(losses).sum() / max(1, len(losses))


def _summed(predictions: Values, layout: Layout, clean: Values, observed: Values) -> Tensor:
    total = torch.zeros((), dtype=next(iter(clean.values())).dtype)
    for slot in layout.arrays:
        predicted, x0, latent = predictions[slot.name], clean[slot.name], ~observed[slot.name]
        error = ((predicted.exp() if slot.kind.discrete else predicted) - x0).square()
        total = total + (error * across(latent, error)).sum() / latent.shape[0]
    return total
