from __future__ import annotations

from dataclasses import replace

import torch

from gsdmc.diffusion.loss import diffusion_loss
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.model.config import ModelConfig
from gsdmc.model.initialise import build_denoiser
from tests.model.problems import bcmf


def loss_of(scale: float = 1.0, config: ProcessConfig | None = None, size: int = 3) -> float:
    """The loss of a new network, whose predictions are zero, with C rescaled."""
    problem = bcmf(size, size, 2)
    values = problem.simulate(500, 0)
    values["C"] = values["C"] * scale
    config = config or ProcessConfig(mask_weight=1.0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    if not config.standardise:
        scales = Standardiser.identity(problem.layout)
    observed = {n: torch.full_like(v, n == "E", dtype=torch.bool) for n, v in values.items()}
    g = torch.Generator().manual_seed(1)
    denoiser = build_denoiser(ModelConfig.for_layout(problem.layout, width=32, layers=1, heads=1), g)
    time = torch.full((500,), 0.5, dtype=torch.float64)
    return diffusion_loss(denoiser, problem.layout, Process(config, scales), values, observed, time, g).item()


def test_neither_scale_nor_size_skews_the_balanced_loss() -> None:
    assert abs(loss_of(100.0) - loss_of()) < 1e-3
    # Of four arrays E is evidence; A and C have unit error, R that of an even guess.
    expected = (1 + 1 + torch.log(torch.tensor(2.0)).item()) / 4
    assert abs(loss_of() - expected) < 0.06
    assert abs(loss_of(size=5) - expected) < 0.06


def test_the_papers_loss_sums_over_nodes() -> None:
    paper = ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum")
    small, large = (loss_of(config=replace(paper), size=s) for s in (3, 5))
    assert large > 1.8 * small
