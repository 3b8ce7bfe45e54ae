from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.inference.fit import settings, vary_ranges, warnings_for
from gsdmc.training.config import TrainingConfig


def weights(model: gsdmc.Model) -> list[torch.Tensor]:
    return list(model.trained.denoiser.state_dict().values())


def test_equal_seeds_equal_weights_in_memory_and_on_disk(tmp_path: Path, tiny: TrainingConfig) -> None:
    out = tmp_path / "runs" / "bcmf"
    first = gsdmc.train("bcmf", steps=3, preset=tiny, out=out, k=2)
    again = gsdmc.train(gsdmc.compile("bcmf", k=2), steps=3, preset=tiny, out=None)
    other = gsdmc.train("bcmf", steps=3, preset=tiny, out=None, k=2, seed=1)
    for a, b, c in zip(weights(first), weights(again), weights(gsdmc.load(out)), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)
    assert any(not torch.equal(a, b) for a, b in zip(weights(first), weights(other), strict=True))


def test_a_resumed_run_is_an_uninterrupted_one(
    tmp_path: Path, tiny: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gsdmc.train("bcmf", steps=40, preset=tiny, out=None)
    out = tmp_path / "bcmf"
    simulate = gsdmc.Problem.simulate
    calls = 0

    def interrupted(*arguments: Any, **options: Any) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        if calls == 3:  # after the draws that set the scales, and those of the first steps
            raise KeyboardInterrupt
        return simulate(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(gsdmc.Problem, "simulate", interrupted)
        part = gsdmc.train("bcmf", steps=40, preset=tiny, out=out)
    assert 0 < part.trained.run["steps"] < 40
    resumed = gsdmc.train("bcmf", steps=40, preset=tiny, out=out, resume=True)
    for a, b in zip(weights(whole), weights(resumed), strict=True):
        assert torch.equal(a, b)


def test_resuming_another_program_is_refused(tmp_path: Path, tiny: TrainingConfig) -> None:
    out = tmp_path / "model"
    gsdmc.train("bcmf", steps=1, preset=tiny, out=out)
    with pytest.raises(gsdmc.GsdmcError, match="trained for another text of bcmf"):
        gsdmc.train("hbmf", steps=2, preset=tiny, out=out, resume=True)
    with pytest.raises(gsdmc.GsdmcError, match="trained at other sizes: m=5, n=5, k=3"):
        gsdmc.train("bcmf", steps=2, preset=tiny, out=out, resume=True, k=4)
    with pytest.raises(gsdmc.GsdmcError, match="no model folder"):
        gsdmc.train("bcmf", steps=2, preset=tiny, out=tmp_path / "none", resume=True)


def test_resuming_with_other_options_is_refused(tmp_path: Path, tiny: TrainingConfig) -> None:
    out = tmp_path / "model"

    def resumed(steps: int, **changes: Any) -> gsdmc.Model:
        problem = gsdmc.compile("bcmf", m=2, n=2, **({"given": "subset:A,E", "mask": "random:3"} | changes))
        return gsdmc.train(problem, steps=steps, preset=tiny, out=out, resume=steps > 1)

    resumed(1)
    for name, value in {
        "given": "any",
        "mask": "random:3:1",
        "embedding": "array",
        "intermediates": False,
    }.items():
        with pytest.raises(
            gsdmc.GsdmcError, match=f"another choice of `{name}`; its options: --given subset"
        ):
            resumed(2, **{name: value})
    # Limits are no part of what a problem is, nor is a class that the program has anyway.
    assert resumed(2, limits={"nodes": 1000}, embedding="exchangeable").trained.run["steps"] == 2


def test_the_programs_own_query_is_the_same_however_it_is_said(tmp_path: Path, tiny: TrainingConfig) -> None:
    gsdmc.train("bcmf", steps=1, preset=tiny, out=tmp_path / "m")
    said = gsdmc.compile("bcmf", given="E")
    assert gsdmc.train(said, steps=2, preset=tiny, out=tmp_path / "m", resume=True).trained.run["steps"] == 2


def test_options_are_for_compile_and_the_error_says_so() -> None:
    with pytest.raises(gsdmc.GsdmcError, match="chosen when a program is compiled") as caught:
        gsdmc.train("bcmf", steps=1, out=None, mask="dense")  # type: ignore[arg-type]
    assert caught.value.hint == "write train(compile(program, mask=...), ...)"


@pytest.mark.parametrize(
    "changes", [{"mask": "random:20"}, {"mask": "random:2"}, {"mask": "dense"}, {"symmetrise": False}, {}]
)
def test_gradients_flow_along_the_mask_alone(changes: dict[str, Any], tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("sorting", n=3, **changes)
    one_layer = tiny.with_changes(layers=1)
    model = gsdmc.train(problem, steps=2, preset=one_layer, out=None)
    layout, denoiser = problem.layout, model.trained.denoiser
    with torch.no_grad():  # a network that is not the identity
        for parameter in denoiser.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    state = {
        slot.name: torch.randn(1, *slot.state_shape, generator=torch.Generator().manual_seed(2))
        for slot in layout.arrays
    }
    observed = {slot.name: torch.zeros(1, *slot.shape, dtype=torch.bool) for slot in layout.arrays}

    def network(*values: torch.Tensor) -> torch.Tensor:
        named = dict(zip(state, values, strict=True))
        out = denoiser(layout, named, observed, torch.tensor([500.0]))
        return torch.cat([out[s.name].reshape(s.size, -1).sum(1) for s in layout.arrays])

    jacobian = torch.autograd.functional.jacobian(network, tuple(state.values()))
    flows = torch.cat(
        [
            j.reshape(layout.nodes, s.size, -1).abs().sum(2)
            for s, j in zip(layout.arrays, jacobian, strict=True)
        ],
        dim=1,
    )
    assert ((flows > 0).numpy() == problem.mask.toarray()).all()


def test_each_size_has_a_random_mask_of_its_own(tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("bcmf", mask="random:4")
    model = gsdmc.train(problem, steps=3, preset=tiny, out=None, vary={"m": (2, 6)})
    larger = model.resized(m=7)
    assert np.diff(larger.problem.mask.indptr).tolist() == [5] * larger.problem.graph.nodes
    assert larger.sample({"E": np.zeros((7, 5))}, steps=2)["A"].shape == (1, 7, 3)


def test_a_forced_class_decides_which_sizes_are_free(tiny: TrainingConfig) -> None:
    fixed = gsdmc.compile("bcmf", embedding={"i": "independent"})
    with pytest.raises(gsdmc.GsdmcError, match="plate i can't have size 1: it is fixed") as caught:
        vary_ranges(fixed, ("m",))
    assert "forced by --embedding" in (caught.value.hint or "")
    assert vary_ranges(fixed, ("n",)) == {"n": (1, 10)}
    ordered = gsdmc.compile("bcmf", embedding="array")
    assert vary_ranges(ordered, ("m", "n")) == {"m": (1, 10), "n": (1, 10)}
    model = gsdmc.train(fixed, steps=1, preset=tiny, out=None)
    with pytest.raises(gsdmc.GsdmcError, match="expected 5×5"):
        model.sample({"E": np.zeros((6, 5))})
    assert model.sample({"E": np.zeros((5, 6))}, steps=1)["A"].shape == (1, 5, 3)


def test_warnings_are_data_and_depend_on_the_networks_depth(tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("boolean", n=2)
    assert problem.warnings == warnings_for(problem, tiny.with_changes(reach=True)) == ()
    (shallow,) = warnings_for(problem, tiny)
    assert "1 attention layers" not in shallow.message
    assert "1 attention layer, and the graph's diameter is 4" in shallow.message


def test_sizes_vary_within_their_ranges(tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("bcmf")
    assert vary_ranges(problem, ("m", "k")) == {"m": (1, 10), "k": (1, 10)}
    assert vary_ranges(problem, {"m": (2, 3), "n": None}) == {"m": (2, 3), "n": (1, 10)}
    model = gsdmc.train(problem, steps=2, preset=tiny, out=None, vary={"m": (1, 2)})
    assert model.trained.run["vary"] == {"m": [1, 2]}


@pytest.mark.parametrize(
    ("program", "vary", "says"),
    [
        ("bcmf", ("q",), "no def `q`"),
        ("inversion", ("n",), "the size `n` has no training range"),
        ("bcmf", {"m": (3, 2)}, "3..2 of `m` is empty"),
        ("bcmf", {"m": (0, 2)}, "0..2 of `m` is empty or below 1"),
        ("boolean", {"n": (1, 3)}, "is fixed"),
    ],
)
def test_sizes_that_can_not_vary(program: str, vary: object, says: str) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        vary_ranges(gsdmc.compile(program), vary)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({}, "either steps or minutes"),
        ({"steps": 1, "minutes": 1}, "either steps or minutes"),
        ({"steps": 0}, "at least one step"),
        ({"minutes": 0}, "at least one step, or some minutes"),
        ({"steps": 1, "resume": True, "out": None}, "nothing to resume without a folder"),
        ({"steps": 1, "preset": "papper"}, "no preset `papper`"),
        ({"steps": 1, "batch": 0}, "at least one example"),
        ({"steps": 1, "q": 3}, "no def `q`"),
    ],
)
def test_settings_that_can_not_be(budget: dict[str, int], says: str, tmp_path: Path) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        gsdmc.train("bcmf", **{"out": tmp_path / "model", **budget})  # type: ignore[arg-type]
    assert not (tmp_path / "model").exists()


def test_a_batch_replaces_the_presets() -> None:
    assert settings("paper", "sorting").batch == 16
    assert settings("paper", "sorting", 3).batch == 3


def test_a_network_replaces_the_presets() -> None:
    usual = settings("default", "bcmf")
    changed = settings("default", "bcmf", width=64, heads=8, roles=False, layers=None, loops=None)
    assert changed == usual.with_changes(width=64, heads=8, roles=False)
    # Layers and loops that somebody asks for are those that there are.
    assert settings("default", "bcmf", 4, layers=3) == usual.with_changes(batch=4, layers=3, reach=False)
    assert settings("paper", "bcmf", loops=2) == settings("paper", "bcmf").with_changes(loops=2)
    with pytest.raises(gsdmc.GsdmcError, match="width 50 can't be divided among its 4 heads"):
        settings(usual.with_changes(width=50), "bcmf")
    with pytest.raises(gsdmc.GsdmcError, match="the 32 groups") as caught:
        settings("paper", "bcmf", width=40, heads=5)
    assert caught.value.hint == "try width 160"


def test_the_network_is_as_deep_as_the_graph_is_wide(tiny: TrainingConfig) -> None:
    model = gsdmc.train("boolean", n=2, steps=1, preset=tiny.with_changes(reach=True), out=None)
    assert model.trained.denoiser.config.layers == model.problem.metrics.diameter == 4
