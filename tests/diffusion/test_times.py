from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.diffusion.times import draw_times, low_discrepancy_times


@given(st.integers(1, 64), st.integers(0, 10))
@settings(max_examples=30)
def test_low_discrepancy_times_fill_every_stratum_once(batch: int, seed: int) -> None:
    times = low_discrepancy_times(batch, torch.Generator().manual_seed(seed))
    assert times.min() > 0
    assert times.max() <= 1
    assert torch.equal(((1 - times) * batch).floor().sort().values.long(), torch.arange(batch))


@pytest.mark.parametrize("schedule", ["linear", "cosine", "edm"])
@pytest.mark.parametrize("times", ["uniform", "lognormal"])
@given(st.integers(1, 64), st.integers(0, 2**32))
@settings(max_examples=20)
def test_times_are_on_the_clock(times, schedule, batch: int, seed: int) -> None:
    drawn = draw_times(times, schedule, batch, torch.Generator().manual_seed(seed))
    assert drawn.shape == (batch,)
    assert drawn.dtype == torch.float64
    assert ((drawn > 0) & (drawn <= 1)).all()
    if schedule == "linear":
        torch.testing.assert_close((drawn * 1000).round() / 1000, drawn)


@pytest.mark.parametrize("schedule", ["cosine", "edm"])
def test_log_normal_times_have_the_stated_quantiles(schedule) -> None:
    times = draw_times("lognormal", schedule, 1000, torch.Generator().manual_seed(0))
    signal, noise = signal_and_noise(schedule, times)
    standard = ((noise / signal).log() + 1.2) / 1.2
    # One in each of 1000 strata, in random order.
    places = torch.special.ndtr(standard) * 1000
    assert torch.equal(places.floor().sort().values, torch.arange(1000).double())
    assert (standard.diff() < 0).double().mean().item() == pytest.approx(0.5, abs=0.1)
