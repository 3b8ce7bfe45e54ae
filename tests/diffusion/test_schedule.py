from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.diffusion.schedule import EDM_RATIOS, signal_and_noise, time_at

SCHEDULES = ["linear", "cosine", "edm"]


def test_the_linear_schedule_is_the_papers() -> None:
    times = torch.tensor([0.0, 0.001, 1.0], dtype=torch.float64)
    signal, noise = signal_and_noise("linear", times)
    betas = torch.linspace(1e-4, 5e-3, 1000, dtype=torch.float64)
    expected = torch.stack((torch.ones(()).double(), 1 - betas[0], torch.prod(1 - betas))).sqrt()
    torch.testing.assert_close(signal, expected)
    torch.testing.assert_close(signal**2 + noise**2, torch.ones(3, dtype=torch.float64))


def test_the_path_of_noise_is_that_of_edm() -> None:
    """Equation 5 of Karras et al. 2022 for N = 18 steps: ratios fall from 80 to 0.002 and then to 0."""
    steps = torch.arange(18, dtype=torch.float64)
    expected = (80 ** (1 / 7) + steps / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    signal, noise = signal_and_noise("edm", (1 - steps / 17).clamp(min=1e-12))
    torch.testing.assert_close(noise / signal, expected, rtol=1e-6, atol=0)
    assert signal_and_noise("edm", torch.zeros(1)) == (1, 0)


@pytest.mark.parametrize("schedule", SCHEDULES)
@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30)
def test_noise_grows_with_time_and_squares_sum_to_one(schedule, one: float, two: float) -> None:
    times = torch.tensor(sorted((one, two)), dtype=torch.float64)
    signal, noise = signal_and_noise(schedule, times)
    assert noise[0] <= noise[1]
    assert signal[0] >= signal[1] >= 0
    torch.testing.assert_close(signal**2 + noise**2, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_times_follow_from_the_ratio_of_noise_to_signal(schedule) -> None:
    times = torch.arange(1, 1000, 7, dtype=torch.float64) / 1000
    signal, noise = signal_and_noise(schedule, times)
    torch.testing.assert_close(time_at(schedule, noise / signal), times)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ratios_out_of_reach_give_the_ends(schedule) -> None:
    ends = time_at(schedule, torch.tensor([0.0, EDM_RATIOS[0] / 2, 1e9], dtype=torch.float64))
    assert (ends[:2] > 0).all()
    assert (ends[:2] <= 0.01).all()
    assert ends[2] == pytest.approx(1)
    assert ends[2] <= 1
