"""Steps of Gaussian variables."""

from __future__ import annotations

import pytest
import torch

from gsdmc.diffusion.sampling.gaussian import ancestral_step, gaussian_step
from gsdmc.diffusion.schedule import signal_and_noise


@pytest.mark.parametrize("schedule", ["linear", "cosine", "edm"])
def test_steps_keep_the_marginal_of_exact_predictions(schedule) -> None:
    """Starting from q(x_t | x0) and predicting x0 exactly, every solver lands in q(x_s | x0)."""
    g = torch.Generator().manual_seed(0)
    x0 = torch.tensor(1.7, dtype=torch.float64)
    time, to = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)
    signal, sigma = signal_and_noise(schedule, time)
    signal_to, sigma_to = signal_and_noise(schedule, to)
    x = signal * x0 + sigma * torch.randn(200_000, generator=g, dtype=torch.float64)
    fresh = torch.randn(200_000, generator=g, dtype=torch.float64)
    for churn in (0.0, 0.5, 1.0):
        y = gaussian_step(schedule, x, x0, time, to, churn, fresh)
        assert y.mean().item() == pytest.approx((signal_to * x0).item(), abs=0.01)
        assert y.std().item() == pytest.approx(sigma_to.item(), abs=0.01)
    y = ancestral_step(schedule, x, x0, time, to, fresh)
    assert y.mean().item() == pytest.approx((signal_to * x0).item(), abs=0.01)
