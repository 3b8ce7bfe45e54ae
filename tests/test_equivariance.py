"""Permuting an exchangeable plate permutes what the network computes and what it samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.compiler import Problem, bundled, compile_problem
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.model.config import Architecture, ModelConfig
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.initialise import build_denoiser
from gsdmc.program.readings import seed_of
from gsdmc.training.masks import draw_masks

BATCH = 2
SMALL = {
    "bcmf": {"m": 3, "n": 4, "k": 2},
    "hbmf": {"m": 2, "n": 3, "k": 3},
    "inversion": {"n": 3},
    "sorting": {"n": 4},
    "sudoku": {"n": 2},
    "boolean": {"n": 3},
}
PROGRAMS = [name for name in bundled() if name in SMALL]
EXCHANGEABLE = {"bcmf": 3, "hbmf": 4, "inversion": 3, "sorting": 1, "sudoku": 4, "boolean": 0}

POINTS = ProcessConfig()
MIXTURES = ProcessConfig("edm", "v", head="mixture", components=3)
ABSENT = ProcessConfig(reals="masked", components=3)


@cache
def problem_of(name: str) -> Problem:
    return compile_problem(name, **SMALL[name])


@cache
def network_of(name: str, architecture: Architecture, process: ProcessConfig = POINTS) -> Denoiser:
    """A network whose every weight is random: zero-initialised gates and heads would prove nothing."""
    config = ModelConfig.for_layout(
        problem_of(name).layout,
        architecture=architecture,
        width=32,
        layers=3,
        heads=2,
        reach=False,
        components=process.mixture,
        masked_reals=process.reals == "masked",
    )
    generator = torch.Generator().manual_seed(0)
    denoiser = build_denoiser(config, generator).double()
    with torch.no_grad():
        for parameter in denoiser.parameters():
            scale = parameter.shape[-1] ** -0.5 if parameter.dim() > 1 else 0.5
            parameter.normal_(0, scale, generator=generator)
    return denoiser


def permuted(
    problem: Problem, values: dict[str, torch.Tensor], plate: str, order: list[int]
) -> dict[str, torch.Tensor]:
    """The same joint values with a plate's replicas in another order."""
    index = torch.tensor(order)
    result = {}
    for array in problem.graph.arrays:
        value = values[array.name]
        for dim, name in enumerate(array.plates):
            if name == plate:
                value = value.index_select(1 + dim, index)
        result[array.name] = value
    return result


class PlateNoise:
    """Noise per array and step, with a plate's replicas in a given order."""

    def __init__(self, problem: Problem, seed: int, plate: str, order: list[int] | None) -> None:
        self.arrays = problem.graph.by_name
        self.seed, self.plate, self.order = seed, plate, order

    def draw(self, kind: str, array: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed_of(self.seed, kind, array, step))
        make = torch.randn if kind == "normal" else torch.rand
        noise = make(shape, generator=generator, dtype=torch.float64)
        if self.order is not None:
            for dim, name in enumerate(self.arrays[array].plates):
                if name == self.plate:
                    noise = noise.index_select(1 + dim, torch.tensor(self.order))
        return noise

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
        return self.draw("normal", array, step, shape)

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
        return self.draw("uniform", array, step, shape)


def cases() -> list[tuple[str, str]]:
    return [
        (name, plate.name)
        for name in PROGRAMS
        for plate in problem_of(name).graph.plates
        if plate.cls == "exchangeable"
    ]


def shuffled(problem: Problem, plate: str, seed: int) -> list[int]:
    size = problem.graph.plate_by_name[plate].size
    return np.random.default_rng(seed).permutation(size).tolist()


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_bundled_program_derives_its_exchangeable_plates(name: str) -> None:
    plates = [p for p in problem_of(name).graph.plates if p.cls == "exchangeable"]
    assert len(plates) == EXCHANGEABLE[name]
    assert sorted(SMALL) == sorted(PROGRAMS)


@pytest.mark.parametrize("architecture", ["default", "paper"])
@pytest.mark.parametrize(("name", "plate"), cases())
@given(seed=st.integers(0, 2**32), config=st.sampled_from([POINTS, MIXTURES, ABSENT]))
@settings(max_examples=4)
def test_the_denoiser_is_equivariant(
    name: str, plate: str, architecture: Architecture, seed: int, config: ProcessConfig
) -> None:
    problem, denoiser = problem_of(name), network_of(name, architecture, config)
    order = shuffled(problem, plate, seed)
    generator = torch.Generator().manual_seed(seed)
    observed = draw_masks(problem.layout, problem.givens, BATCH, generator)
    values = problem.simulate(BATCH, seed=seed)
    process = Process(config, Standardiser.identity(problem.layout))
    time = torch.tensor([0.3, 0.7], dtype=torch.float64)
    clean = process.encode(problem.layout, values, torch.float64)
    state, _ = process.corrupt(problem.layout, clean, observed, time, generator)
    with torch.no_grad():
        plain = denoiser(problem.layout, state, observed, time * 1000)
        moved = denoiser(
            problem.layout,
            permuted(problem, state, plate, order),
            permuted(problem, observed, plate, order),
            time * 1000,
        )
    for array, expected in permuted(problem, plain, plate, order).items():
        scale = expected.abs().max().clamp(min=1)
        assert ((moved[array] - expected).abs().max() / scale).item() < 1e-12, array
        assert expected.std() > 1e-3, "the network ignores its input"


@pytest.mark.parametrize(("name", "plate"), cases())
@given(seed=st.integers(0, 2**32), setting=st.sampled_from([POINTS, MIXTURES, ABSENT]))
@settings(max_examples=2)
def test_samples_with_permuted_noise_are_permuted_samples(
    name: str, plate: str, seed: int, setting: ProcessConfig
) -> None:
    problem, denoiser = problem_of(name), network_of(name, "default", setting)
    order = shuffled(problem, plate, seed)
    generator = torch.Generator().manual_seed(seed)
    mask = draw_masks(problem.layout, problem.givens, BATCH, generator)
    values = problem.simulate(BATCH, seed=seed)
    process = Process(setting, Standardiser.identity(problem.layout))
    config = SamplerConfig(steps=5)
    plain = sample(
        denoiser,
        problem.layout,
        process,
        values,
        mask,
        config=config,
        noise=PlateNoise(problem, seed, plate, None),
    )
    moved = sample(
        denoiser,
        problem.layout,
        process,
        permuted(problem, values, plate, order),
        permuted(problem, mask, plate, order),
        config=config,
        noise=PlateNoise(problem, seed, plate, order),
    )
    for array, expected in permuted(problem, plain, plate, order).items():
        torch.testing.assert_close(moved[array], expected, rtol=1e-9, atol=1e-9)
