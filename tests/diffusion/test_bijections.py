from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor

from gsdmc.diffusion.bijections import EDGE, CentredLogRatio, Log, Probit, bijection_of, onto_simplex
from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, vector

POSITIVE = Kind("real", support="positive")
UNIT = Kind("real", support="unit", bounds=(0.0, 1.0))
INTERVAL = Kind("real", support="interval", bounds=(-0.1, 0.3))
FAR = Kind("real", support="interval", bounds=(1000.0, 1000.001))
KINDS = [POSITIVE, UNIT, INTERVAL, FAR, vector(3, "simplex"), vector(1, "simplex"), REAL, COUNT, vector(3)]
few = settings(max_examples=20)
DTYPES = [torch.float32, torch.float64]


def inside(kind: Kind, values: Tensor) -> bool:
    """Whether values are finite and strictly within their support."""
    if not values.isfinite().all():
        return False
    if kind.support == "simplex":
        total = (values.double().sum(-1) - 1).abs() < 1e-5
        return bool((values > 0).all() and ((values < 1).all() or values.shape[-1] == 1) and total.all())
    low, high = kind.bounds or (0.0 if kind == POSITIVE else -math.inf, math.inf)
    return bool((values.double() > low).all() and (values.double() < high).all())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
@few
@given(hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e4, 1e4)))
def test_no_state_leaves_the_support(kind: Kind, dtype: torch.dtype, reals: np.ndarray) -> None:
    drawn = torch.from_numpy(reals).to(dtype)[..., : kind.size or 3]
    values = bijection_of(kind).inverse(drawn)
    assert values.dtype == dtype
    assert values.shape == drawn.shape
    assert inside(kind, values)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@few
@given(hnp.arrays(np.float64, (2, 3), elements=st.floats(-4, 4)))
def test_moderate_reals_come_back(kind: Kind, reals: np.ndarray) -> None:
    drawn = torch.from_numpy(reals)[..., : kind.size or 3]
    if kind.support == "simplex":
        drawn = drawn - drawn.mean(-1, keepdim=True)
    bijection = bijection_of(kind)
    # A far interval's values have few digits for their place in it.
    close = 1e-6 if kind == FAR else 1e-9
    torch.testing.assert_close(bijection.forward(bijection.inverse(drawn)), drawn, atol=close, rtol=close)


@pytest.mark.parametrize("kind", [UNIT, INTERVAL, POSITIVE], ids=str)
@few
@given(hnp.arrays(np.float64, (5,), elements=st.floats(0.01, 0.29)))
def test_the_jacobian_is_the_derivative(kind: Kind, values: np.ndarray) -> None:
    x = torch.from_numpy(values).requires_grad_()
    bijection = bijection_of(kind)
    (slope,) = torch.autograd.grad(bijection.forward(x).sum(), x)
    torch.testing.assert_close(bijection.log_jacobian(x.detach()), slope.log())


@few
@given(hnp.arrays(np.float64, (4,), elements=st.floats(0.01, 1)))
def test_the_jacobian_of_a_simplex_is_the_volume_of_its_plane(entries: np.ndarray) -> None:
    shares = torch.from_numpy(entries / entries.sum())

    def plane(free: Tensor) -> Tensor:
        return CentredLogRatio().forward(torch.cat((free, 1 - free.sum()[None])))

    slopes = torch.autograd.functional.jacobian(plane, shares[:-1])  # [4, 3]
    volume = torch.linalg.det(slopes.T @ slopes).sqrt()
    torch.testing.assert_close(CentredLogRatio().log_jacobian(shares), volume.log())


@pytest.mark.parametrize("kind", [REAL, COUNT, vector(3)], ids=str)
def test_reals_and_counts_stay_as_they_are(kind: Kind) -> None:
    values = torch.tensor([[0.0, -3.0, 1e30]])
    assert torch.equal(bijection_of(kind).forward(values), values)
    expected = torch.zeros(1) if kind.name == "vector" else torch.zeros(1, 3)
    assert torch.equal(bijection_of(kind).log_jacobian(values), expected)
    with pytest.raises(ValueError, match="no map"):
        bijection_of(BOOLEAN)


def test_values_at_the_edge_are_moved_inside_by_the_stated_share() -> None:
    edge = torch.special.ndtri(torch.tensor([EDGE, 1 - EDGE], dtype=torch.float64))
    torch.testing.assert_close(Probit(2.0, 4.0).forward(torch.tensor([2.0, 4.0])), edge)
    torch.testing.assert_close(Probit(2.0, 4.0).forward(torch.tensor([0.0, 9.0])), edge)
    assert Log().forward(torch.zeros(1)).item() == pytest.approx(math.log(torch.finfo(torch.float32).tiny))
    corner = CentredLogRatio().forward(torch.tensor([1.0, 0.0]))
    assert (corner[0] - corner[1]).item() == pytest.approx(-math.log(EDGE), rel=1e-6)


def test_what_is_uniform_or_log_normal_becomes_gaussian() -> None:
    g = torch.Generator().manual_seed(0)
    uniform = 7 + 3 * torch.rand(100_000, generator=g, dtype=torch.float64)
    normal = torch.randn(100_000, generator=g, dtype=torch.float64)
    quantiles = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    encoded = Probit(7.0, 10.0).forward(uniform)
    expected = torch.special.ndtri(quantiles)
    torch.testing.assert_close(torch.quantile(encoded, quantiles), expected, atol=0.05, rtol=0)
    torch.testing.assert_close(Log().forward((2 + normal / 2).exp()), 2 + normal / 2)


@few
@given(hnp.arrays(np.float32, (2, 5), elements=st.floats(-(2.0**66), 2.0**66, width=32)))
def test_whatever_is_brought_onto_the_simplex_is_on_it(vectors: np.ndarray) -> None:
    shares = onto_simplex(torch.from_numpy(vectors))
    assert (shares > 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones(vectors.shape[:-1]))


@few
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_points_of_the_simplex_stay_where_they_are(entries: list[float]) -> None:
    shares = torch.tensor(entries, dtype=torch.float64)
    shares = shares / shares.sum()
    torch.testing.assert_close(onto_simplex(shares), shares)
