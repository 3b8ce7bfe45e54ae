"""Optimiser, learning-rate schedule and averaged weights."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gsdmc.model.denoiser import Denoiser
from gsdmc.training.config import TrainingConfig
from gsdmc.training.muon import Muon
from gsdmc.training.reading import check_tensors

FLOOR = 0.01


class Optimiser:
    """Adam, or Muon for the matrices inside blocks and Adam for the rest, under one schedule."""

    def __init__(self, denoiser: Denoiser, config: TrainingConfig) -> None:
        self.config = config
        self.parameters = list(denoiser.parameters())
        matrices = _block_matrices(denoiser) if config.optimiser == "muon" else {}
        rest = {n: p for n, p in denoiser.named_parameters() if n not in matrices}
        adam = torch.optim.Adam(rest.values(), lr=config.learning_rate, betas=config.betas, fused=True)
        self.parts: list[tuple[torch.optim.Optimizer, float, list[str]]] = [
            (adam, config.learning_rate, list(rest))
        ]
        if matrices:
            self.parts.append(
                (Muon(matrices.values(), config.matrix_rate), config.matrix_rate, list(matrices))
            )

    def step(self, factor: float) -> None:
        """Clip the gradient, update at `factor` times the peak rates, and clear the gradient."""
        nn.utils.clip_grad_norm_(self.parameters, self.config.clip, foreach=True)
        for part, peak, _ in self.parts:
            for group in part.param_groups:
                group["lr"] = peak * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Tensor]:
        """All moments, by parameter name: `name/moment`."""
        tensors = {}
        for part, _, names in self.parts:
            for name, parameter in zip(names, _parameters(part), strict=True):
                for moment, value in part.state.get(parameter, {}).items():
                    tensors[f"{name}/{moment}"] = value
        return tensors

    def load(self, tensors: dict[str, Tensor], *, begun: bool = True) -> None:
        """Restore what `state` returned.

        Args:
            tensors: the moments.
            begun: whether any step was taken; before the first there are none.

        Raises:
            ValueError: they are not the moments of these parameters.
        """
        kept: dict[str, dict[str, Tensor]] = {}
        for path, value in tensors.items():
            name, _, moment = path.rpartition("/")
            kept.setdefault(name, {})[moment] = value
        known = {name for _, _, names in self.parts for name in names}
        if kept.keys() != (known if begun else set()):
            raise ValueError("it has the optimiser's moments of other weights")
        for part, _, names in self.parts if begun else ():
            for name, parameter in zip(names, _parameters(part), strict=True):
                check_tensors(kept[name], _moments(part, parameter))
                part.state[parameter] = {k: v.to(parameter.device, copy=True) for k, v in kept[name].items()}


def schedule(config: TrainingConfig, step: int, progress: float) -> float:
    """Factor of the peak rate: linear warm-up by step, then half a cosine by progress (0 to 1)."""
    warm = min(1.0, (step + 1) / (config.warmup + 1))
    if not config.decay:
        return warm
    return warm * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


@torch.no_grad()
def average(averaged: Iterable[Tensor], current: Iterable[Tensor], decay: float, step: int) -> None:
    """Move averaged weights toward the current ones; early steps average over fewer."""
    torch._foreach_lerp_(list(averaged), list(current), 1 - min(decay, (step + 1) / (step + 10)))


def _block_matrices(denoiser: Denoiser) -> dict[str, nn.Parameter]:
    skip = ("modulation", "role_bias")
    return {
        name: p
        for name, p in denoiser.named_parameters()
        if name.startswith("blocks.") and p.dim() == 2 and not any(part in name for part in skip)
    }


def _moments(part: torch.optim.Optimizer, parameter: Tensor) -> dict[str, Tensor]:
    """What an optimiser keeps of a parameter, as to shapes."""
    if isinstance(part, Muon):
        return {"momentum": parameter}
    return {"step": torch.tensor(0.0), "exp_avg": parameter, "exp_avg_sq": parameter}


def _parameters(part: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in part.param_groups for p in group["params"]]
