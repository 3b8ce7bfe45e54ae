"""From values to states and back: scales, supports, kinds, and the volume that encoding changes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.diffusion.bijections import EDGE
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from tests.diffusion.one_of_each import one_of_each
from tests.model.problems import bcmf, clusters


def test_encoding_and_decoding_are_inverse() -> None:
    problem = bcmf(3, 2, 2)
    values = problem.simulate(50, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    process = Process(ProcessConfig(), scales)
    clean = process.encode(problem.layout, values, torch.float64)
    assert clean["A"].mean().abs() < 1e-6
    assert clean["A"].std(correction=0).item() == pytest.approx(1)
    decoded = process.decode(problem.layout, clean)
    assert torch.equal(decoded["R"], values["R"])
    torch.testing.assert_close(decoded["C"], values["C"].double())


@pytest.mark.parametrize("standardise", [True, False])
def test_vectors_come_back_from_their_states(standardise: bool) -> None:
    problem = clusters(4)
    values = problem.simulate(200, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    if not standardise:
        scales = Standardiser.identity(problem.layout)
    process = Process(ProcessConfig(), scales)
    clean = process.encode(problem.layout, values, torch.float64)
    assert {n: c.shape[1:] for n, c in clean.items()} == {
        s.name: s.state_shape for s in problem.layout.arrays
    }
    decoded = process.decode(problem.layout, clean)
    assert torch.equal(decoded["z"], values["z"])
    torch.testing.assert_close(decoded["x"], values["x"].double())
    torch.testing.assert_close(decoded["pi"], values["pi"].double(), atol=1e-5, rtol=1e-5)


def each_process(*, bijections: bool = True, standardise: bool = True) -> Process:
    layout = one_of_each().layout
    scales = Standardiser.identity(layout)
    if standardise:
        draws = one_of_each().simulate(2000, 7)
        scales = Standardiser.estimate(layout, [(layout, draws)], bijections=bijections)
    return Process(ProcessConfig(bijections=bijections, standardise=standardise), scales)


def test_dirac_nodes_keep_the_kind_of_their_values() -> None:
    problem = one_of_each()
    kinds = {slot.name: slot.kind.name for slot in problem.layout.arrays}
    computed = {"opposite": "boolean", "sum": "category", "total": "count", "y": "real"}
    assert {name: kinds[name] for name in computed} == computed
    values = problem.simulate(20, 0)
    process = each_process()
    clean = process.encode(problem.layout, values, torch.float32)
    decoded = process.decode(problem.layout, clean)
    for name in ("opposite", "sum", "total", "flag", "level", "count"):
        assert decoded[name].dtype == values[name].dtype
        assert torch.equal(decoded[name], values[name])
    assert {n: clean[n].shape[-1] for n in ("opposite", "sum")} == {"opposite": 2, "sum": 5}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("standardise", [True, False])
@given(st.integers(0, 2**32), st.floats(0, 4))
@settings(max_examples=5)
def test_no_state_decodes_to_a_value_outside_its_support(
    dtype: torch.dtype, standardise: bool, seed: int, magnitude: float
) -> None:
    layout = one_of_each().layout
    g = torch.Generator().manual_seed(seed)
    state = {
        s.name: (torch.randn(8, *s.state_shape, generator=g) * 10**magnitude).clamp(-1e4, 1e4).to(dtype)
        for s in layout.arrays
    }
    values = each_process(standardise=standardise).decode(layout, state)
    assert ((values["positive"] > 0) & values["positive"].isfinite()).all()
    assert ((values["unit"] > 0) & (values["unit"] < 1)).all()
    assert ((values["interval"] > -3) & (values["interval"] < -1)).all()
    assert ((values["simplex"] > 0) & (values["simplex"] < 1)).all()
    torch.testing.assert_close(values["simplex"].sum(-1), torch.ones(8, dtype=dtype))
    assert (values["count"] >= 0).all()
    assert values["real"].isfinite().all()


@pytest.mark.parametrize("standardise", [True, False])
@given(st.integers(0, 2**32))
@settings(max_examples=5)
def test_moderate_states_come_back(standardise: bool, seed: int) -> None:
    layout, process = one_of_each().layout, each_process(standardise=standardise)
    g = torch.Generator().manual_seed(seed)
    state = {s.name: torch.randn(8, *s.state_shape, generator=g).double() for s in layout.arrays}
    state["simplex"] -= state["simplex"].mean(-1, keepdim=True)
    decoded = process.decode(layout, state)
    again = process.encode(layout, decoded, torch.float64)
    for name in ("positive", "unit", "interval", "simplex", "real", "y"):
        torch.testing.assert_close(again[name], state[name], rtol=1e-6, atol=1e-6)
    single = process.encode(
        layout, {n: v.float() if v.is_floating_point() else v for n, v in decoded.items()}, torch.float32
    )
    for name in ("positive", "unit", "interval", "simplex", "real", "y"):
        torch.testing.assert_close(single[name].double(), state[name], rtol=1e-3, atol=1e-3)


def test_a_positive_zero_is_read_as_a_tiny_share_of_its_scale() -> None:
    layout = one_of_each().layout
    draws = one_of_each().simulate(2000, 7)
    zero = {n: torch.zeros_like(v) for n, v in draws.items()}
    logs = draws["positive"].double().log()
    for stretch in (1.0, 1e-9, 1e9):
        moved = {**draws, "positive": draws["positive"] * stretch}
        scales = Standardiser.estimate(layout, [(layout, moved)])
        process = Process(ProcessConfig(), scales)
        state = process.encode(layout, zero, torch.float64)["positive"][0].item()
        assert state == pytest.approx(-max(12.0, -math.log(EDGE) / logs.std(correction=0).item()), rel=1e-3)


@pytest.mark.parametrize("bijections", [True, False])
def test_the_log_jacobian_is_that_of_encoding(bijections: bool) -> None:
    layout, process = one_of_each().layout, each_process(bijections=bijections)
    values = {n: v.double() if v.is_floating_point() else v for n, v in one_of_each().simulate(6, 3).items()}
    found = process.log_jacobian(layout, values)
    assert all(t.shape == (6,) for t in found.values())
    for name in ("positive", "unit", "interval", "real", "y"):
        x = values[name].clone().requires_grad_()
        state = process.encode(layout, {**values, name: x}, torch.float64)[name]
        (slope,) = torch.autograd.grad(state.sum(), x)
        torch.testing.assert_close(found[name], slope.log())
    assert not any(found[name].any() for name in ("flag", "level", "sum"))
    free = values["simplex"][..., :-1]

    def plane(shares: torch.Tensor) -> torch.Tensor:
        whole = torch.cat((shares, 1 - shares.sum(-1, keepdim=True)), -1)
        return process.encode(layout, {**values, "simplex": whole.expand(6, 3)}, torch.float64)["simplex"][0]

    slopes = torch.autograd.functional.jacobian(plane, free[0])  # [3, 2]
    if bijections:
        volume = torch.linalg.det(slopes.T @ slopes).sqrt().log()
        torch.testing.assert_close(found["simplex"][0], volume)


def test_the_log_jacobian_counts_what_it_is_asked_for() -> None:
    problem = bcmf(2, 3, 2)
    values = problem.simulate(4, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    process = Process(ProcessConfig(), scales)
    where = {s.name: torch.zeros(4, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    where["C"][:, 0] = True
    whole = process.log_jacobian(problem.layout, values)
    part = process.log_jacobian(problem.layout, values, where)
    torch.testing.assert_close(part["C"], whole["C"] / 2)
    assert not part["A"].any()
    assert whole["A"].abs().min() > 0.1


def test_without_bijections_values_are_clipped_into_their_support() -> None:
    layout, process = one_of_each().layout, each_process(bijections=False)
    state = {s.name: torch.full((2, *s.state_shape), -1e4) for s in layout.arrays}
    values = process.decode(layout, state)
    assert values["positive"].tolist() == [0, 0]
    assert values["interval"].tolist() == [-3, -3]
    assert values["unit"].tolist() == [0, 0]
    torch.testing.assert_close(values["simplex"], torch.full((2, 3), 1 / 3))
