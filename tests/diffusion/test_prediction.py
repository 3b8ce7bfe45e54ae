from __future__ import annotations

import pytest
import torch

from gsdmc.diffusion.prediction import LEAST_SIGNAL, error_weight, recover, scale, target
from gsdmc.diffusion.schedule import signal_and_noise

KINDS = ["x0", "v", "noise"]
TIMES = torch.linspace(0.01, 0.98, 30, dtype=torch.float64)


def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(0)
    return torch.randn(30, generator=g, dtype=torch.float64), torch.randn(
        30, generator=g, dtype=torch.float64
    )


@pytest.mark.parametrize("schedule", ["cosine", "edm"])
def test_v_is_the_preconditioning_of_edm(schedule) -> None:
    """Table 1 of Karras et al. 2022 with data of unit variance, in their coordinates x0 + σ n."""
    x0, epsilon = drawn()
    signal, noise = signal_and_noise(schedule, TIMES)
    sigma = noise / signal
    theirs = x0 + sigma * epsilon
    ours = signal * x0 + noise * epsilon
    torch.testing.assert_close(theirs / (1 + sigma**2).sqrt(), ours)  # their input weight
    network = torch.randn(30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    skip, out = 1 / (sigma**2 + 1), sigma / (sigma**2 + 1).sqrt()
    torch.testing.assert_close(recover("v", -network, ours, signal, noise), skip * theirs + out * network)
    weight = (sigma**2 + 1) / sigma**2  # of the squared error of the data
    error = recover("v", -network, ours, signal, noise) - x0
    mine = (-network - target("v", x0, epsilon, signal, noise)).square()
    torch.testing.assert_close(mine, weight * error.square())


@pytest.mark.parametrize("kind", KINDS)
def test_targets_are_what_data_are_recovered_from(kind) -> None:
    x0, epsilon = drawn()
    signal, noise = signal_and_noise("cosine", TIMES)
    state = signal * x0 + noise * epsilon
    out = target(kind, x0, epsilon, signal, noise)
    torch.testing.assert_close(recover(kind, out, state, signal, noise), x0)
    moved = recover(kind, out + 1, state, signal, noise) - x0
    torch.testing.assert_close(moved.abs(), scale(kind, signal, noise))


def test_data_shrink_to_their_mean_where_noise_says_nothing() -> None:
    signal = torch.tensor([0.0, LEAST_SIGNAL / 10, LEAST_SIGNAL], dtype=torch.float64)
    noise = (1 - signal**2).sqrt()
    x0, epsilon = torch.tensor(2.0).double(), torch.tensor(0.3).double()
    found = recover("noise", epsilon, signal * x0 + noise * epsilon, signal, noise)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.2, 2.0], dtype=torch.float64))


@pytest.mark.parametrize("schedule", ["linear", "cosine", "edm"])
def test_the_snr_weight_is_one_of_the_data_whatever_is_predicted(schedule) -> None:
    x0, epsilon = drawn()
    signal, noise = signal_and_noise(schedule, TIMES)
    state = signal * x0 + noise * epsilon
    losses = []
    for kind in KINDS:
        # Outputs that stand for the same wrong data.
        wrong = target(kind, x0 + 0.1, (state - signal * (x0 + 0.1)) / noise, signal, noise)
        error = (wrong - target(kind, x0, epsilon, signal, noise)).square()
        losses.append(error * error_weight("snr", kind, signal, noise))
    torch.testing.assert_close(losses[1], losses[0])
    torch.testing.assert_close(losses[2], losses[0])
    ratio = signal**2 / noise**2
    torch.testing.assert_close(losses[0], 0.01 * 6 * ratio / (5 + ratio))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_finite_to_the_ends_of_the_clock(kind) -> None:
    ends = signal_and_noise("cosine", torch.tensor([1e-300, 1.0], dtype=torch.float64))
    for weighting in ("flat", "snr"):
        assert error_weight(weighting, kind, *ends).isfinite().all()
    assert torch.equal(error_weight("flat", kind, *ends), torch.ones(2, dtype=torch.float64))
