from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.diffusion.likelihood.half_angle import HalfAngle, half_angle, signal_and_noise_at, step_angles
from gsdmc.diffusion.schedule import signal_and_noise


@given(st.floats(1e-4, 1.0))
def test_it_has_the_schedules_signal_and_noise(time: float) -> None:
    at = torch.tensor([time], dtype=torch.float64)
    signal, noise = signal_and_noise("cosine", at)
    again = signal_and_noise_at(half_angle("cosine", at))
    torch.testing.assert_close(torch.stack(again), torch.stack((signal, noise)), atol=1e-12, rtol=1e-12)


@given(st.floats(1e-3, 1.0))
def test_times_of_half_angles_come_back(time: float) -> None:
    at = torch.tensor([time], dtype=torch.float64)
    span = HalfAngle.of("cosine", 1e-3)
    torch.testing.assert_close(span.time(half_angle("cosine", at)), at, atol=1e-12, rtol=1e-12)


def test_the_linear_schedule_begins_at_a_step_and_is_interpolated() -> None:
    steps = step_angles(torch.device("cpu"))
    span = HalfAngle.of("linear", 1e-5)
    assert (span.first, span.low) == (1, steps[1].item())
    later = HalfAngle.of("linear", 0.1)
    assert later.least_noise >= 0.1 > -1 / math.sinh(steps[later.first - 1].item())
    times = span.time(steps[[1, 2, 500, 1000]])
    torch.testing.assert_close(times, torch.tensor([0.001, 0.002, 0.5, 1.0], dtype=torch.float64))
    between = span.time((steps[[500]] + steps[[501]]) / 2)
    torch.testing.assert_close(between, torch.tensor([0.5005], dtype=torch.float64))


def test_a_schedule_that_starts_with_noise_starts_there() -> None:
    span = HalfAngle.of("edm", 1e-6)
    assert span.least_noise == pytest.approx(0.002, rel=1e-6)
    assert 0 < span.least_time < 1e-9


@pytest.mark.parametrize("schedule", ["cosine", "linear", "edm"])
def test_the_least_noise_is_that_of_the_least_time(schedule) -> None:
    span = HalfAngle.of(schedule, 0.05)
    signal, noise = signal_and_noise(schedule, torch.tensor(span.least_time, dtype=torch.float64))
    assert (noise / signal).item() == pytest.approx(span.least_noise, rel=1e-9)


@pytest.mark.parametrize("least", [0.0, -1.0, 1e9])
def test_noise_ends_within_the_clock(least: float) -> None:
    with pytest.raises(ValueError, match="least_noise"):
        HalfAngle.of("linear", least)
