from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gsdmc.compiler import compile_text
from gsdmc.diffusion.bijections import CentredLogRatio
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
    pooled["pi"] = CentredLogRatio().forward(pooled["pi"])
    for name, flat in pooled.items():
        row, channels = scales.keys.index(name), flat.shape[1]
        std = flat.std(0, correction=0)
        if name == "pi":  # the shares of a simplex have one
            std = std.square().mean().sqrt().expand(3)
        torch.testing.assert_close(scales.mean[row, :channels], flat.mean(0))
        torch.testing.assert_close(scales.std[row, :channels], std)
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
    process = Process(ProcessConfig(bijections=False), Standardiser.identity(problem.layout))
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


SQUARE = """
(def n 3)
(let [a (foreach n [i (range n)] (sample "a" (normal (* 10.0 i) 1.0)))
      z (foreach n [i (range n)] (sample "z" (lognormal 2.0 0.5)))]
  (foreach n [i (range n)]
    (foreach n [j (range n)]
      (sample "g" (dirac (* (get z i) (get z j)))))))
"""


def test_an_array_has_one_scale_but_along_fixed_plates() -> None:
    problem = compile_text(SQUARE, "square.clj")
    values = problem.simulate(2000, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    rows: dict[str, list[float]] = {}
    for key, mean in zip(scales.keys, scales.mean[:, 0].tolist(), strict=True):
        rows.setdefault(key[0], []).append(mean)
    assert {name: len(means) for name, means in rows.items()} == {"a": 3, "z": 1, "g": 2}
    assert rows["a"] == pytest.approx([0, 10, 20], abs=0.2)
    assert rows["z"] == pytest.approx([2], abs=0.1)  # of the logarithm
    # The diagonal has an embedding of its own, not a scale of its own.
    assert rows["g"] == pytest.approx([values["g"].double().mean().item()] * 2)


STEPS = """
(def n 3)
(let [s (sample "s" (normal 0.0 1.0))]
  (foreach (- n 1) [i (range (- n 1))]
    (let [w (sample "w" (dirichlet [1.0 2.0]))]
      (sample "x" (normal (+ s 5.0) 2.0)))))
"""


def test_an_array_that_is_empty_at_one_size_is_pooled_over_the_others() -> None:
    problem, empty = (compile_text(STEPS, "steps.clj", {"n": n}) for n in (3, 1))
    draws = [(p.layout, p.simulate(100, 0)) for p in (problem, empty)]
    both = Standardiser.estimate(problem.layout, draws)
    row = both.keys.index("x")
    x = draws[0][1]["x"].double()
    assert both.mean[row, 0].item() == pytest.approx(x.mean().item())
    assert both.std[row, 0].item() == pytest.approx(x.std(correction=0).item())
    slots = {slot.name: slot for slot in empty.layout.arrays}
    shapes = {name: both.scales(empty.layout, slot, torch.float32)[0].shape for name, slot in slots.items()}
    assert shapes == {"s": (), "w": (0, 2), "x": (0,)}
    process = Process(ProcessConfig(), both)
    clean = process.encode(empty.layout, draws[1][1], torch.float64)
    assert clean["x"].shape == (100, 0)
    decoded = process.decode(empty.layout, clean)
    torch.testing.assert_close(decoded["s"], draws[1][1]["s"].double())
    assert decoded["w"].shape == (100, 0, 2)
