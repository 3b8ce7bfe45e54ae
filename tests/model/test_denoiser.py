from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gsdmc.language.kinds import vector
from gsdmc.language.source import GsdmcError
from gsdmc.model.config import DEEPEST, FURTHEST, Architecture, ModelConfig, reaching
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.initialise import build_denoiser, empty_denoiser
from tests.model.problems import HandProblem, bcmf, boolean, chain, clusters

DIMS = {"A": "ik", "R": "kj", "C": "ijk", "E": "ij", "pi": "", "z": "i", "x": "i", "r": "i"}


def denoiser_for(
    problem,
    architecture: Architecture = "default",
    seed: int = 0,
    layers: int = 2,
    loops: int = 1,
    components: int = 0,
    masked_reals: bool = False,
) -> Denoiser:
    """A small network in float64 whose every weight is random, those that start at zero included."""
    config = ModelConfig.for_layout(
        problem.layout,
        architecture=architecture,
        width=32,
        layers=layers,
        heads=2,
        loops=loops,
        reach=False,
        components=components,
        masked_reals=masked_reals,
    )
    generator = torch.Generator().manual_seed(seed)
    denoiser = build_denoiser(config, generator).double()
    with torch.no_grad():
        for parameter in denoiser.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return denoiser


def permute(name: str, value: Tensor, permutations: dict[str, Tensor]) -> Tensor:
    for axis, plate in enumerate(DIMS[name], start=1):
        value = value.index_select(axis, permutations[plate])
    return value


@settings(max_examples=10)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(2, 3), st.integers(0, 1000))
@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_permuting_plates_permutes_the_output(
    architecture: Architecture, m: int, n: int, k: int, seed: int
) -> None:
    check_equivariance(
        bcmf(m, n, k), bcmf(3, 3, 2), architecture, dict(zip("ijk", (m, n, k), strict=True)), seed
    )


@settings(max_examples=10)
@given(st.integers(2, 5), st.integers(0, 1000))
@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_permuting_plates_permutes_vectors(architecture: Architecture, n: int, seed: int) -> None:
    check_equivariance(clusters(n), clusters(3), architecture, {"i": n}, seed)


@settings(max_examples=5)
@given(st.integers(2, 4), st.integers(2, 3), st.integers(0, 1000))
@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_permuting_plates_permutes_the_output_of_loops(
    architecture: Architecture, m: int, k: int, seed: int
) -> None:
    check_equivariance(bcmf(m, 2, k), bcmf(3, 3, 2), architecture, {"i": m, "j": 2, "k": k}, seed, loops=3)


def check_equivariance(
    problem: HandProblem,
    trained: HandProblem,
    architecture: Architecture,
    sizes: dict[str, int],
    seed: int,
    loops: int = 1,
) -> None:
    layout = problem.layout
    denoiser = denoiser_for(trained, architecture, seed, loops=loops)
    g = torch.Generator().manual_seed(seed)
    permutations = {p: torch.randperm(s, generator=g) for p, s in sizes.items()}
    state, observed = {}, {}
    for slot in layout.arrays:
        state[slot.name] = torch.randn(2, *slot.state_shape, dtype=torch.float64, generator=g)
        observed[slot.name] = torch.rand(2, *slot.shape, generator=g) < 0.5
    time = torch.tensor([3.0, 700.0], dtype=torch.float64)
    plain = denoiser(layout, state, observed, time)
    moved = denoiser(
        layout,
        {a: permute(a, v, permutations) for a, v in state.items()},
        {a: permute(a, v, permutations) for a, v in observed.items()},
        time,
    )
    for name, value in plain.items():
        torch.testing.assert_close(moved[name], permute(name, value, permutations), rtol=1e-9, atol=1e-9)


def test_the_output_depends_on_evidence_time_and_the_observed_flag() -> None:
    problem = bcmf(2, 2, 2)
    denoiser = denoiser_for(problem)
    state = {
        s.name: torch.zeros(1, *s.shape, *((2,) if s.kind.discrete else ()), dtype=torch.float64)
        for s in problem.layout.arrays
    }
    hidden = {s.name: torch.zeros(1, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.tensor([500.0], dtype=torch.float64)
    base = denoiser(problem.layout, state, hidden, time)["A"]
    others = (
        denoiser(problem.layout, {**state, "E": state["E"] + 1}, hidden, time)["A"],
        denoiser(problem.layout, state, {**hidden, "E": ~hidden["E"]}, time)["A"],
        denoiser(problem.layout, state, hidden, time / 2)["A"],
    )
    assert all((base - other).abs().max() > 1e-6 for other in others)


def test_the_paper_architecture_has_the_authors_parameter_count() -> None:
    config = ModelConfig.for_layout(
        bcmf().layout, architecture="paper", width=64, layers=12, heads=2, reach=False
    )
    # 12 layers of 8 linear maps and 3 norms, time MLP, projections in and out, 4 + 1 embeddings.
    assert empty_denoiser(config).parameter_count == 12 * (8 * 4160 + 3 * 128) + 2 * 4160 + 515 + 5 * 64


def test_one_set_of_weights_runs_at_every_size() -> None:
    denoiser = denoiser_for(bcmf(3, 3, 2))
    for m, n, k in product((1, 4), (2, 5), (1, 3)):
        layout = bcmf(m, n, k).layout
        state = {s.name: torch.zeros(1, *s.shape, *((2,) if s.kind.discrete else ())) for s in layout.arrays}
        state = {name: value.double() for name, value in state.items()}
        hidden = {s.name: torch.zeros(1, *s.shape, dtype=torch.bool) for s in layout.arrays}
        out = denoiser(layout, state, hidden, torch.zeros(1, dtype=torch.float64))
        assert out["C"].shape == (1, m, n, k)
        assert out["R"].shape == (1, k, n, 2)


@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_a_vector_is_one_node_of_several_channels(architecture: Architecture) -> None:
    layout = clusters(5).layout
    denoiser = denoiser_for(clusters(2), architecture)
    state = {s.name: torch.zeros(3, *s.state_shape, dtype=torch.float64) for s in layout.arrays}
    hidden = {s.name: torch.zeros(3, *s.shape, dtype=torch.bool) for s in layout.arrays}
    time = torch.full((3,), 500.0, dtype=torch.float64)
    base = denoiser(layout, state, hidden, time)
    assert layout.nodes == 1 + 3 * 5
    shapes = {"pi": (3, 3), "z": (3, 5, 3), "x": (3, 5, 2), "r": (3, 5)}
    assert {name: tuple(out.shape) for name, out in base.items()} == shapes
    for channel in range(2):  # every channel is read
        moved = {**state, "x": state["x"] + torch.eye(2, dtype=torch.float64)[channel]}
        assert (denoiser(layout, moved, hidden, time)["r"] - base["r"]).abs().max() > 1e-6
    assert (base["x"][..., 0] - base["x"][..., 1]).abs().min() > 1e-6  # and predicted by itself


def test_the_papers_projections_are_shared_by_kind_and_size() -> None:
    config = ModelConfig.for_layout(
        clusters().layout, architecture="paper", width=32, layers=1, heads=1, reach=False
    )
    network = empty_denoiser(config)
    channels = {"vector_3": 3, "categorical_3": 3, "vector_2": 2, "continuous": 1}
    assert {name: m.in_features for name, m in network.embedding.values.items()} == channels
    assert {name: m.out_features for name, m in network.heads.outputs.items()} == channels


def test_weights_for_vectors_of_another_size_are_refused() -> None:
    problem = clusters(2)
    denoiser = denoiser_for(problem)
    slots = [replace(s, kind=vector(4)) if s.name == "x" else s for s in problem.layout.arrays]
    layout = replace(problem.layout, arrays=tuple(slots), structure=clusters(2).layout.structure)
    state = {s.name: torch.zeros(1, *s.state_shape, dtype=torch.float64) for s in layout.arrays}
    hidden = {s.name: torch.zeros(1, *s.shape, dtype=torch.bool) for s in layout.arrays}
    with pytest.raises(GsdmcError, match=r"no weights for array x \(vector of 4\)"):
        denoiser(layout, state, hidden, torch.zeros(1, dtype=torch.float64))


def test_a_layout_with_unknown_embeddings_is_refused() -> None:
    small, large = boolean(2), boolean(3)
    denoiser = denoiser_for(small)
    state = {s.name: torch.zeros(1, *s.shape, 2, dtype=torch.float64) for s in large.layout.arrays}
    hidden = {s.name: torch.zeros(1, *s.shape, dtype=torch.bool) for s in large.layout.arrays}
    with pytest.raises(GsdmcError) as raised:
        denoiser(large.layout, state, hidden, torch.zeros(1, dtype=torch.float64))
    assert "x[4]" in raised.value.message


def test_positions_tell_the_places_of_an_ordered_plate_apart() -> None:
    problem = chain(5)
    denoiser = denoiser_for(problem)
    state = {"x": torch.zeros(1, 5, dtype=torch.float64)}
    out = denoiser(
        problem.layout, state, {"x": torch.zeros(1, 5, dtype=torch.bool)}, torch.zeros(1).double()
    )["x"][0]
    gaps = (out[:, None] - out[None]).abs() + torch.eye(5)
    assert gaps.min() > 1e-3


@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_loops_are_layers_that_share_their_weights(architecture: Architecture) -> None:
    problem = bcmf(2, 3, 2)
    looped = denoiser_for(problem, architecture, layers=2, loops=3)
    layered = denoiser_for(problem, architecture, layers=6)
    weights = looped.state_dict()
    assert sum("role_bias" in name for name in weights) == (2 if architecture == "default" else 0)
    copied = {}
    for name, value in weights.items():
        kind, _, rest = name.partition(".")
        number, _, part = rest.partition(".")
        places = range(int(number), 6, 2) if kind == "blocks" else ()
        copied |= {f"blocks.{place}.{part}": value for place in places} or {name: value}
    layered.load_state_dict(copied)
    state = {s.name: torch.randn(2, *s.state_shape, dtype=torch.float64) for s in problem.layout.arrays}
    seen = {s.name: torch.rand(2, *s.shape) < 0.5 for s in problem.layout.arrays}
    time = torch.tensor([3.0, 700.0], dtype=torch.float64)
    expected = layered(problem.layout, state, seen, time)
    for name, value in looped(problem.layout, state, seen, time).items():
        assert torch.equal(value, expected[name])


def test_evidence_travels_one_edge_per_layer_and_loop() -> None:
    problem = chain(8)
    hidden = {"x": torch.zeros(1, 8, dtype=torch.bool)}
    time = torch.full((1,), 500.0, dtype=torch.float64)
    values = torch.full((1, 8), 0.1, dtype=torch.float64)
    moved = values.clone()
    moved[0, 0] = -0.1
    for layers, loops in ((2, 1), (2, 3), (1, 7)):
        denoiser = denoiser_for(problem, layers=layers, loops=loops)
        one, two = (denoiser(problem.layout, {"x": x}, hidden, time)["x"][0] for x in (values, moved))
        assert (one != two).tolist() == [place <= layers * loops for place in range(8)]
        assert denoiser.config.depth == layers * loops


def test_depth_reaches_the_diameter() -> None:
    layout = bcmf().layout
    assert ModelConfig.for_layout(layout, width=32, layers=2, heads=2).layers == 6
    assert ModelConfig.for_layout(layout, width=32, layers=8, heads=2).layers == 8
    config = ModelConfig.for_layout(replace(layout, diameter=30), width=32, layers=8, heads=2)
    assert (config.layers, config.loops, config.depth) == (8, 4, 32)


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 5))
def test_small_diameters_ask_for_layers_and_large_ones_for_loops(
    diameter: int, layers: int, loops: int
) -> None:
    grown, looped = reaching(diameter, layers, loops)
    assert grown >= layers
    assert looped >= loops
    assert grown * looped >= min(diameter, FURTHEST)
    if layers * loops >= diameter:
        assert (grown, looped) == (layers, loops)
    elif loops == 1 and diameter <= DEEPEST:
        assert (grown, looped) == (diameter, 1)
    else:
        assert grown == layers
        assert looped == loops or grown * (looped - 1) < min(diameter, FURTHEST)  # and no loop too many


def test_the_configuration_survives_json() -> None:
    for problem in (chain(3), clusters(3)):
        config = ModelConfig.for_layout(problem.layout, width=32, layers=2, heads=2)
        assert ModelConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
        looped = replace(config, loops=3)
        assert ModelConfig.from_json(json.loads(json.dumps(looped.to_json()))) == looped
        older = {name: value for name, value in config.to_json().items() if name != "loops"}
        assert ModelConfig.from_json(older) == config
    for wrong in ({"layers": 0}, {"loops": 0}):
        with pytest.raises(ValueError, match="at least one layer"):
            replace(config, **wrong)


def test_building_draws_from_the_generator_alone() -> None:
    config = ModelConfig.for_layout(bcmf().layout, width=32, layers=1, heads=1)
    before = torch.random.get_rng_state()
    one, two = (build_denoiser(config, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("masked_reals", [False, True])
@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_mixtures_and_flags_have_the_shapes_that_they_say(
    architecture: Architecture, masked_reals: bool
) -> None:
    problem = clusters(3)
    denoiser = denoiser_for(problem, architecture, components=4, masked_reals=masked_reals)
    flag = int(masked_reals)
    shapes = {"pi": (2, 3 + flag), "z": (2, 3, 3), "x": (2, 3, 2 + flag), "r": (2, 3, 2) if flag else (2, 3)}
    state = {name: torch.zeros(shape, dtype=torch.float64) for name, shape in shapes.items()}
    hidden = {s.name: torch.zeros(2, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.full((2,), 500.0, dtype=torch.float64)
    out = denoiser(problem.layout, state, hidden, time)
    expected = {"pi": (2, 4 * 7), "z": (2, 3, 3), "x": (2, 3, 4 * 5), "r": (2, 3, 4 * 3)}
    assert {name: tuple(value.shape) for name, value in out.items()} == expected
    if masked_reals:  # a zero that is there is no masked value
        there = {**state, "r": state["r"] + torch.tensor([0.0, 1.0]).double()}
        assert (denoiser(problem.layout, there, hidden, time)["x"] - out["x"]).abs().max() > 1e-6
    config = denoiser.config
    assert ModelConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    old = {k: v for k, v in config.to_json().items() if k not in ("components", "masked_reals")}
    assert ModelConfig.from_json(old).components == 0
