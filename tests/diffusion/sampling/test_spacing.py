from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from gsdmc.diffusion.sampling.spacing import step_times
from gsdmc.diffusion.schedule import signal_and_noise

SCHEDULES = ["cosine", "linear", "edm"]
SPACINGS = ["uniform", "karras", "logsnr"]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spacing", SPACINGS)
@given(start=st.floats(0.01, 1), steps=st.integers(1, 60))
@example(start=1.0, steps=1)
@example(start=1.0, steps=2)
@example(start=1.0, steps=3000)
@example(start=0.001, steps=5)
def test_times_fall_from_the_start_to_0_and_so_does_noise(
    schedule, spacing, start: float, steps: int
) -> None:
    times = step_times(schedule, spacing, start, steps)
    assert times[0] == start
    assert times[-1] == 0
    assert 2 <= len(times) <= steps + 1
    assert (times.diff() < 0).all()
    if schedule != "linear":
        assert len(times) == steps + 1
        assert (signal_and_noise(schedule, times)[1].diff() < 0).all()


def test_uniform_times_are_evenly_spaced() -> None:
    torch.testing.assert_close(
        step_times("cosine", "uniform", 1.0, 4), torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0]).double()
    )


def test_log_snr_times_have_equal_steps_of_log_snr() -> None:
    signal, sigma = signal_and_noise("cosine", step_times("cosine", "logsnr", 1.0, 20))
    steps = (sigma / signal)[1:-1].log().diff()
    torch.testing.assert_close(steps, steps[:1].expand_as(steps), rtol=1e-6, atol=0)
    torch.testing.assert_close((sigma / signal)[-2], torch.tensor(0.002).double(), rtol=1e-6, atol=0)


def test_karras_times_have_equal_steps_of_the_seventh_root_of_noise() -> None:
    """Karras et al. 2022, equation 5, from the noise of the start: at time 0.5, as much as of signal."""
    signal, sigma = signal_and_noise("cosine", step_times("cosine", "karras", 0.5, 20))
    roots = (sigma / signal)[:-1] ** (1 / 7)
    torch.testing.assert_close(roots[0], torch.tensor(1.0).double())
    torch.testing.assert_close(roots.diff(), roots.diff()[:1].expand(19), rtol=1e-6, atol=0)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_times_of_the_linear_schedule_are_its_own_where_they_are_chosen_by_noise(spacing) -> None:
    indices = step_times("linear", spacing, 1.0, 3000) * 1000
    torch.testing.assert_close(indices, indices.round(), rtol=0, atol=1e-9)
    assert len(indices.round().unique()) == len(indices)
