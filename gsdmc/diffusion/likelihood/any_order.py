"""Exact log probabilities of masked programs: one variable after another."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.estimate import Estimate, latent_slots, log_volume
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import Process
from gsdmc.layout.layout import Layout


def masked_elements(process: Process, layout: Layout) -> int:
    """M, the number of variables that the process masks, those of evidence included."""
    return sum(slot.size for slot in layout.arrays if process.is_masked(slot))


def random_orders(process: Process, layout: Layout, orders: int, generator: torch.Generator) -> Tensor:
    """Uniformly random orders of the masked variables, `[orders, M]` priorities, least first."""
    elements = masked_elements(process, layout)
    return torch.rand(orders, elements, generator=generator, dtype=torch.float64)


@torch.no_grad()
def any_order_log_prob(
    asked: Question,
    priorities: Tensor,
    *,
    rows: int = 1024,
) -> Estimate:
    """Exact log p(latent values | evidence) of a masked process for an order of reveal.

    log p(x) = Σ_n log p(x_π(n) | x_π(<n)), one network call per variable (Hoogeboom et al. 2022,
    autoregressive diffusion; Uria et al. 2014). For one order that depends on no value this
    is a normalised distribution, whatever the network. Several orders are mixed in equal parts, which
    is one too. With n of M variables left the network is told the time at which that share is masked.
    Masked reals have the density of the mixture that is predicted of them, in the program's own values.

    Args:
        asked: the network, the values, and which of them are evidence.
        priorities: `[orders, M]`, in which order each one reveals the elements that the process masks, those
            of every array in a row, least first; evidence is left out.
        rows: states per network call.

    Returns:
        Nats. The error is the standard error over orders of the mixture of all orders, by the delta
        method; 0 for a single order, whose probability is exact.

    Raises:
        ValueError: a latent variable that is not masked, or no order.
    """
    layout, process, observed = asked.layout, asked.process, asked.observed
    gaussian, _ = latent_slots(process, layout, observed)
    if gaussian:
        raise ValueError(f"any-order probability of {gaussian[0].name}, which no masked process runs")
    slots = [slot for slot in layout.arrays if process.is_masked(slot)]
    elements = masked_elements(process, layout)
    if priorities.dim() != 2 or len(priorities) == 0 or priorities.shape[1] != elements:
        raise ValueError(f"priorities: expected [orders, {elements}], got {tuple(priorities.shape)}")
    device, batch, orders = asked.device, asked.batch, len(priorities)
    clean = process.encode(layout, asked.values, asked.dtype)
    if not slots:
        zero = torch.zeros(batch, dtype=torch.float64, device=device)
        return Estimate(zero, zero)
    latent = torch.cat([~observed[s.name].reshape(batch, -1) for s in slots], dim=1)  # [B, M]
    late = priorities.to(device).masked_fill(~latent[:, None], torch.inf)  # [B, O, M]
    ranks = late.argsort(dim=-1, stable=True).argsort(dim=-1)  # evidence comes last
    counts = latent.sum(1)  # [B]
    steps = int(counts.max())
    total = torch.zeros(batch * orders, dtype=torch.float64, device=device)
    for start in range(0, steps * batch * orders, rows):
        row = torch.arange(start, min(start + rows, steps * batch * orders), device=device)
        step, pair = row // (batch * orders), row % (batch * orders)
        example, order = pair // orders, pair % orders
        busy = step < counts[example]
        step, pair, example, order = (x[busy] for x in (step, pair, example, order))
        if not len(step):
            continue
        rank = ranks[example, order]  # [R, M]
        hidden = (rank >= step[:, None]) & latent[example]
        share = (counts[example] - step).double() / counts[example]
        state = {name: part[example] for name, part in clean.items()}
        offset = 0
        for slot in slots:
            masked = hidden[:, offset : offset + slot.size].reshape(len(step), *slot.shape)
            state[slot.name] = state[slot.name] * ~masked[..., None]
            offset += slot.size
        seen = {name: part[example] for name, part in observed.items()}
        predicted = process.predict(asked.denoiser, layout, state, seen, clock(process, share))
        log_p = torch.cat(
            [
                predicted[s.name]
                .log_prob(process.unflagged(s, clean[s.name][example]))
                .reshape(len(step), -1)
                for s in slots
            ],
            dim=1,
        )  # [R, M]
        total.index_add_(0, pair, torch.where(rank == step[:, None], log_p.double(), 0.0).sum(1))
    volume = log_volume(process, layout, asked.values, observed)
    return _mixture(total.reshape(batch, orders) + volume[:, None])


def clock(process: Process, share: Tensor) -> Tensor:
    """The time at which a share of the values is masked: the inverse of `Process.masking`."""
    return share ** (1 / process.config.mask_power)


def _mixture(log_probs: Tensor) -> Estimate:
    """Log of the mean of probabilities over orders, `[B, orders]`, and its standard error."""
    orders = log_probs.shape[1]
    value = log_probs.logsumexp(1) - math.log(orders)
    if orders == 1:
        return Estimate(value, torch.zeros_like(value))
    relative = (log_probs - value[:, None]).exp()  # of mean 1
    error = (relative.var(1) / orders).sqrt()
    return Estimate(value, error.nan_to_num(nan=0.0))  # impossible in every order
