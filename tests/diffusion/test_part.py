from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gsdmc.diffusion.loss import diffusion_loss
from gsdmc.diffusion.part import Part, draw_rows
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.model.config import ModelConfig
from gsdmc.model.initialise import build_denoiser
from tests.model.problems import bcmf

DEFAULT = ProcessConfig()
CONFIGS = {
    "default": DEFAULT,
    "paper": ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum"),
    "masked": replace(DEFAULT, reals="masked"),
    "mixture": replace(DEFAULT, head="mixture"),
}
SIZE = 6
DEVICE = torch.device("cpu")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("name", CONFIGS)
def test_losses_and_gradients_of_parts_sum_to_those_of_the_whole(name: str) -> None:
    config, problem = CONFIGS[name], bcmf(3, 2, 2)
    layout, values = problem.layout, problem.simulate(SIZE, 0)
    process = Process(config, Standardiser.estimate(layout, [(layout, values)]))
    shape = ModelConfig.for_layout(
        layout,
        width=16,
        layers=1,
        heads=1,
        components=config.mixture,
        masked_reals=config.reals == "masked",
    )
    denoiser = build_denoiser(shape, generator())
    with torch.no_grad():  # a new network's predictions are zero, whatever its inputs
        for weight in denoiser.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator()), alpha=0.1)
    chance = torch.linspace(0, 1, SIZE)
    observed = {
        s.name: torch.rand(SIZE, *s.shape, generator=generator()) < chance.view(-1, *[1] * len(s.shape))
        for s in layout.arrays
    }
    time = torch.linspace(0.1, 0.9, SIZE, dtype=torch.float64)

    def loss(first: int, last: int, part: Part | None) -> torch.Tensor:
        rows = slice(first, last)
        some = {n: v[rows] for n, v in values.items()}
        seen = {n: m[rows] for n, m in observed.items()}
        return diffusion_loss(denoiser, layout, process, some, seen, time[rows], generator(), part)

    def gradient(*losses: torch.Tensor) -> torch.Tensor:
        denoiser.zero_grad()
        for each in losses:
            each.backward()  # type: ignore[no-untyped-call]
        return torch.cat([p.grad.flatten() for p in denoiser.parameters() if p.grad is not None])

    whole = loss(0, SIZE, None)
    latent = {n: int((~m).sum()) for n, m in observed.items()}
    parts = [loss(a, b, Part(a, SIZE, latent)) for a, b in ((0, 4), (4, SIZE))]
    assert sum(part.item() for part in parts) == pytest.approx(whole.item(), rel=1e-5)
    torch.testing.assert_close(gradient(*parts), gradient(whole), rtol=1e-3, atol=1e-5)


def test_a_part_has_the_noise_of_its_rows() -> None:
    whole = draw_rows(torch.randn, (SIZE, 2), None, generator(), DEVICE)
    part = draw_rows(torch.randn, (3, 2), Part(2, SIZE, {}), generator(), DEVICE)
    assert part.equal(whole[2:5])
