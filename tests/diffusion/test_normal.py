from __future__ import annotations

import math

import pytest
import torch

from gsdmc.diffusion.normal import log_normal_mass


@pytest.mark.parametrize("centre", [-30.0, -3.0, 0.0, 2.0, 25.0])
@pytest.mark.parametrize("width", [1e-9, 1e-3])
def test_a_narrow_intervals_mass_is_width_times_density(centre: float, width: float) -> None:
    low, high = torch.tensor([[centre - width / 2], [centre + width / 2]], dtype=torch.float64)
    found = log_normal_mass(low, high).item()
    step = (high - low).item()  # as rounded
    expected = math.log(step) - centre**2 / 2 - math.log(2 * math.pi) / 2
    assert found == pytest.approx(expected, rel=1e-4)


def test_intervals_that_cover_the_line_have_mass_one() -> None:
    edges = torch.tensor([-torch.inf, -2.0, 0.5, 7.0, torch.inf], dtype=torch.float64)
    assert log_normal_mass(edges[:-1], edges[1:]).exp().sum().item() == pytest.approx(1)


def test_gradients_are_finite_where_nothing_is_likely() -> None:
    size = torch.logspace(-3, 12, 200, dtype=torch.float64)
    low = torch.cat((-size, size, torch.tensor([-torch.inf]).double()))
    shift = torch.zeros(401, dtype=torch.float64, requires_grad=True)
    log_normal_mass(low + shift, low.clamp(min=-1e12) + 1 + shift).sum().backward()
    assert shift.grad is not None
    assert shift.grad.isfinite().all()
