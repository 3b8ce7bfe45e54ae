"""Denoisers that know the distribution: finite mixtures of Gaussians and categories, in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gsdmc.diffusion.process import Process, across, expand
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.layout.layout import Layout


class ExactDenoiser(nn.Module):
    """What an ideal network predicts when the states follow a mixture.

    Component c has weight w_c, fixes every discrete variable, and draws the states of all reals from a normal
    with mean m_c and a covariance that all components share.

    `categories` has `[C, *shape]` indices by array and `means` `[C, *state_shape]`; `covariance` is `[D, D]`,
    over the channels of all reals in a row.
    """

    def __init__(
        self,
        process: Process,
        weights: Tensor,
        categories: Mapping[str, Tensor],
        means: Mapping[str, Tensor],
        covariance: Tensor,
    ) -> None:
        super().__init__()
        self.process, self.categories, self.means = process, categories, means
        self.log_weights = nn.Parameter(weights.double().log())
        self.covariance = covariance.double()

    def forward(
        self, layout: Layout, state: Mapping[str, Tensor], observed: Mapping[str, Tensor], time: Tensor
    ) -> dict[str, Tensor]:
        config = self.process.config
        at = (time + (1 if config.schedule == "linear" else 0)) / 1000
        signal, noise = signal_and_noise(config.schedule, at)
        outputs, log_p, batch = {}, self.log_weights.expand(len(time), -1), len(time)
        for slot in layout.arrays:
            if not slot.kind.discrete:
                continue
            x = state[slot.name].reshape(batch, 1, slot.size, slot.kind.options)
            onehots = self.onehots(slot.name, slot.kind.options)
            agree = (x * onehots).sum(-1)  # [B, C, size]
            seen = observed[slot.name].reshape(batch, 1, slot.size)
            if config.discrete == "masked":
                seen = seen | (x.sum(-1) > 0.5)
                hidden = torch.zeros_like(agree)
            else:
                hidden = expand(signal / noise.square(), agree) * agree
            known = torch.where(agree > 0.5, 0.0, -torch.inf)
            log_p = log_p + torch.where(seen, known, hidden).sum(-1)
        reals = [slot for slot in layout.arrays if not slot.kind.discrete]
        if reals:
            z = torch.cat([state[s.name].reshape(batch, -1) for s in reals], dim=1)  # [B, D]
            seen = torch.cat(
                [
                    across(observed[s.name], state[s.name]).expand_as(state[s.name]).reshape(batch, -1)
                    for s in reals
                ],
                dim=1,
            )
            scale = torch.where(seen, 1.0, signal[:, None])
            spread = torch.where(seen, 0.0, noise[:, None].square())
            mean = torch.cat([self.means[s.name].reshape(len(self.log_weights), -1) for s in reals], dim=1)
            middle = scale[:, :, None] * self.covariance * scale[:, None] + torch.diag_embed(spread)
            off = z[:, None] - scale[:, None] * mean  # [B, C, D]
            solved = torch.linalg.solve(middle, off.mT).mT
            log_p = log_p - 0.5 * (off * solved).sum(-1)  # components share the determinant
            x0 = mean + solved * scale[:, None] @ self.covariance
        share = torch.softmax(log_p.clamp(min=-1e30), dim=1)  # [B, C]; even where nothing fits
        for slot in layout.arrays:
            if slot.kind.discrete:
                marginal = torch.einsum("bc,cso->bso", share, self.onehots(slot.name, slot.kind.options)[0])
                outputs[slot.name] = marginal.log().reshape(state[slot.name].shape)
        if reals:
            expected, start = (share[..., None] * x0).sum(1), 0
            for slot in reals:
                size = state[slot.name][0].numel()
                part = expected[:, start : start + size].reshape(state[slot.name].shape)
                if config.prediction == "noise":
                    part = (state[slot.name] - expand(signal, part) * part) / expand(noise, part)
                elif config.prediction == "v":
                    part = (expand(signal, part) * state[slot.name] - part) / expand(noise, part)
                outputs[slot.name] = part
                start += size
        return outputs

    def onehots(self, name: str, options: int) -> Tensor:
        index = self.categories[name].long().reshape(1, len(self.log_weights), -1)
        return torch.nn.functional.one_hot(index, options).double()  # [1, C, size, K]


class ExactConditionals(nn.Module):
    """What an ideal network predicts of masked reals whose states are jointly normal around 0.

    A mixture of one component for every element, of the mean and spread that those which are there leave it.
    """

    def __init__(self, covariance: Tensor) -> None:
        super().__init__()
        self.covariance = nn.Parameter(covariance.double())

    def forward(
        self, layout: Layout, state: Mapping[str, Tensor], observed: Mapping[str, Tensor], time: Tensor
    ) -> dict[str, Tensor]:
        flagged = torch.cat([state[s.name].reshape(len(time), s.size, 2) for s in layout.arrays], dim=1)
        value, there = flagged[..., 0].double(), flagged[..., 1] > 0.5  # [B, D]
        both = there[:, :, None] & there[:, None]
        inner = torch.where(both, self.covariance, torch.eye(value.shape[1], dtype=torch.float64))
        toward = self.covariance * there[:, None]  # [B, D, D]
        gain = torch.linalg.solve(inner, toward.mT).mT
        mean = (gain * value[:, None]).sum(-1)
        variance = self.covariance.diagonal() - (gain * toward).sum(-1)
        # Elements that are there have none left, and nobody asks for it.
        log_std = torch.where(there, 0.0, variance.clamp(min=1e-12).log() / 2)
        packed = torch.stack((torch.zeros_like(mean), mean, log_std), -1)  # [B, D, 3]
        return {
            s.name: packed[:, s.offset : s.offset + s.size].reshape(len(time), *s.shape, 3)
            for s in layout.arrays
        }
