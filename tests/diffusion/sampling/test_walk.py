"""Samples of exact denoisers have the exact law where reals and discretes share a clock."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import REAL, category
from gsdmc.layout.layout import Layout
from tests.diffusion.exact import ExactDenoiser
from tests.model.problems import make_layout

DRAWS = 5000


def mixture(discrete: str = "masked") -> tuple[Layout, ExactDenoiser]:
    """z is 0, 1 or 2; x has two correlated elements about a mean that z chooses."""
    layout = make_layout(
        [("z", category(3), ()), ("x", REAL, (2,))], [("z of x", np.array([1, 2]), np.array([0, 0]))]
    )
    process = Process(ProcessConfig(discrete=discrete), Standardiser.identity(layout))  # type: ignore[arg-type]
    denoiser = ExactDenoiser(
        process,
        torch.tensor([0.5, 0.3, 0.2]),
        {"z": torch.arange(3)},
        {"x": MEANS},
        COVARIANCE,
    )
    return layout, denoiser


MEANS = torch.tensor([[-1.5, 0.0], [1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
COVARIANCE = torch.tensor([[0.2, 0.1], [0.1, 0.2]], dtype=torch.float64)

JOINT = {
    "ddim": SamplerConfig(100, solver="ddim", order="random"),
    "deterministic ddim": SamplerConfig(100, solver="ddim", churn=0.0, order="random"),
    "ancestral": SamplerConfig(100, solver="ancestral", order="random"),
    "heun": SamplerConfig(100, solver="heun", order="random"),
    "dpm2m": SamplerConfig(100, solver="dpm2m", order="random"),
    "dpm2m-sde": SamplerConfig(100, solver="dpm2m-sde", order="random"),
    "dpm2m, log-SNR": SamplerConfig(100, solver="dpm2m", spacing="logsnr", order="random"),
    "remasked": SamplerConfig(200, solver="ddim", order="random", remask=0.02),
}


def joint_draws(config: SamplerConfig, discrete: str = "masked", draws: int = DRAWS) -> tuple[Tensor, Tensor]:
    layout, denoiser = mixture(discrete)
    values = {"z": torch.zeros(draws, dtype=torch.int64), "x": torch.zeros(draws, 2)}
    mask = {"z": torch.zeros(draws, dtype=torch.bool), "x": torch.zeros(draws, 2, dtype=torch.bool)}
    g = torch.Generator().manual_seed(1)
    out = sample(denoiser, layout, denoiser.process, values, mask, config=config, generator=g)
    return out["z"], out["x"]


def check_mixture(z: Tensor, x: Tensor) -> None:
    """Shares of the modes, and each mode's mean and covariance, within about four standard errors."""
    shares = torch.bincount(z, minlength=3) / len(z)
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.3, 0.2]), atol=0.028, rtol=0)
    for k in range(3):
        own = x[z == k]
        torch.testing.assert_close(own.mean(0), MEANS[k], atol=0.06, rtol=0)
        torch.testing.assert_close(own.T.cov(), COVARIANCE, atol=0.05, rtol=0)


@pytest.mark.parametrize("name", JOINT)
def test_reals_and_discretes_on_one_clock_have_the_exact_joint(name: str) -> None:
    check_mixture(*joint_draws(JOINT[name]))


@pytest.mark.parametrize("solver", ["ddim", "ancestral", "heun", "dpm2m"])
def test_one_hots_of_the_gaussian_process_do_too(solver) -> None:
    check_mixture(*joint_draws(SamplerConfig(100, solver=solver), "onehot"))


@pytest.mark.parametrize("solver", ["ddim", "ancestral", "heun", "dpm2m", "dpm2m-sde"])
def test_reals_alone_find_the_shares_of_their_modes(solver) -> None:
    layout = make_layout([("x", REAL, (2,))], [("tie", np.array([0]), np.array([1]))])
    process = Process(ProcessConfig(), Standardiser.identity(layout))
    denoiser = ExactDenoiser(process, torch.tensor([0.5, 0.3, 0.2]), {}, {"x": MEANS}, COVARIANCE)
    nothing = {"x": torch.zeros(DRAWS, 2, dtype=torch.bool)}
    x = sample(
        denoiser,
        layout,
        process,
        {"x": torch.zeros(DRAWS, 2)},
        nothing,
        config=SamplerConfig(100, solver=solver),
        generator=torch.Generator().manual_seed(2),
    )["x"]
    left, upper = x[:, 0] < -0.25, x[:, 1] > 0
    shares = torch.stack([left, ~left & upper, ~left & ~upper]).double().mean(1)
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.3, 0.2]).double(), atol=0.028, rtol=0)
