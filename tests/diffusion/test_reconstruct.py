from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gsdmc.diffusion.reconstruct import log_normal_mass


@given(st.floats(-20, 20), st.floats(0.01, 5))
def test_masses_are_those_of_the_normal_in_both_tails(low: float, width: float) -> None:
    found = log_normal_mass(*torch.tensor([[low], [low + width]], dtype=torch.float64)).item()
    near, far = (low, low + width) if low < 0 else (-low - width, -low)
    expected = stats.norm.logcdf(far) + torch.log1p(
        -torch.tensor(stats.norm.logcdf(near) - stats.norm.logcdf(far), dtype=torch.float64).exp()
    )
    assert found == pytest.approx(expected.item(), rel=1e-6, abs=1e-9)


def test_everything_below_an_edge_counts() -> None:
    low, high = torch.tensor([-torch.inf, 2.0]).double(), torch.tensor([0.3, torch.inf]).double()
    expected = torch.tensor([stats.norm.logcdf(0.3), stats.norm.logsf(2.0)], dtype=torch.float64)
    torch.testing.assert_close(log_normal_mass(low, high), expected)
