from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from tests.model.problems import HandProblem, chain, clusters


def test_scales_pool_over_a_plate_and_over_sizes() -> None:
    draws = [(chain(n).layout, chain(n).simulate(100, n)) for n in (2, 5)]
    scales = Standardiser.estimate(chain(3).layout, draws)
    flat = torch.cat([v["x"].flatten() for _, v in draws]).double()
    assert scales.mean.item() == pytest.approx(flat.mean().item())
    assert scales.std.item() == pytest.approx(flat.std(correction=0).item())


def test_the_channels_of_a_vector_have_scales_of_their_own() -> None:
    draws = [(clusters(n).layout, clusters(n).simulate(100, n)) for n in (2, 5)]
    scales = Standardiser.estimate(clusters(3).layout, draws)
    pooled = {
        name: torch.cat([v[name].reshape(-1, channels) for _, v in draws]).double()
        for name, channels in (("pi", 3), ("x", 2), ("r", 1))
    }
    for name, flat in pooled.items():
        row, channels = scales.keys.index(name), flat.shape[1]
        torch.testing.assert_close(scales.mean[row, :channels], flat.mean(0))
        torch.testing.assert_close(scales.std[row, :channels], flat.std(0, correction=0))
        assert scales.mean[row, channels:].tolist() == [0.0] * (3 - channels)
        assert scales.std[row, channels:].tolist() == [1.0] * (3 - channels)
    assert pooled["x"].std(0)[0] > 1000 * pooled["x"].std(0)[1]
    layout = clusters(5).layout
    process = Process(ProcessConfig(), scales)
    clean = process.encode(layout, clusters(5).simulate(1000, 9), torch.float64)
    for channel in range(2):
        assert clean["x"][..., channel].std().item() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("make", [chain, clusters])
def test_the_identity_leaves_values_as_they_are(make: Callable[[], HandProblem]) -> None:
    problem = make()
    values = problem.simulate(3, 0)
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, values, torch.float32)
    for slot in problem.layout.arrays:
        if not slot.kind.discrete:
            assert torch.equal(clean[slot.name], values[slot.name])


def test_a_constant_channel_keeps_its_unit() -> None:
    problem = clusters(2)
    values = problem.simulate(50, 0)
    values["x"][..., 1] = 7.0
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    row = scales.keys.index("x")
    assert scales.std[row, 1] == 1
    assert scales.mean[row, 1] == 7
    assert scales.std[row, 0] > 100
