from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.noise import GeneratorNoise
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.model.denoiser import Denoiser
from tests.model.problems import HandProblem, bcmf, clusters, latin
from tests.model.test_denoiser import DIMS, denoiser_for

MASKED = ProcessConfig()
MIXTURES = ProcessConfig("edm", "v", head="mixture", components=3)
ABSENT = ProcessConfig(reals="masked", components=3)
PAPER = ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum")
SAMPLERS = [
    (MASKED, SamplerConfig(steps=5)),
    (MASKED, SamplerConfig(steps=3, churn=1.0, order="random")),
    (PAPER, SamplerConfig(steps=5, solver="ancestral")),
    (MASKED, SamplerConfig(steps=3, restarts=2, restart_steps=2)),
    (MASKED, SamplerConfig(steps=5, solver="heun", order="shuffled", remask=0.2)),
    (MASKED, SamplerConfig(steps=4, solver="dpm2m", spacing="logsnr", order="confidence", threshold=0.5)),
    (MASKED, SamplerConfig(steps=4, solver="dpm2m-sde", spacing="karras", order="entropy", temperature=2.0)),
    (PAPER, SamplerConfig(steps=4, solver="dpm2m", spacing="karras")),
    (MIXTURES, SamplerConfig(steps=4)),
    (ABSENT, SamplerConfig(steps=4)),
    (ABSENT, SamplerConfig(steps=3, order="random", restarts=1, restart_steps=2)),
]


def process_for(problem: HandProblem, config: ProcessConfig) -> Process:
    scales = Standardiser.estimate(problem.layout, [(problem.layout, problem.simulate(64, 1))])
    return Process(config, scales)


def network_for(problem: HandProblem, config: ProcessConfig) -> Denoiser:
    return denoiser_for(problem, components=config.mixture, masked_reals=config.reals == "masked")


@pytest.mark.parametrize(("process", "sampler"), SAMPLERS)
@pytest.mark.parametrize("make", [bcmf, latin, clusters])
def test_evidence_is_untouched_and_values_in_range(
    make, process: ProcessConfig, sampler: SamplerConfig
) -> None:
    problem = make()
    values = problem.simulate(6, 3)
    g = torch.Generator().manual_seed(0)
    mask = {s.name: torch.rand(6, *s.shape, generator=g) < 0.5 for s in problem.layout.arrays}
    denoiser = network_for(problem, process).float()
    out = sample(
        denoiser, problem.layout, process_for(problem, process), values, mask, config=sampler, generator=g
    )
    for slot in problem.layout.arrays:
        drawn, seen = out[slot.name], mask[slot.name]
        assert drawn.dtype == values[slot.name].dtype
        assert torch.equal(drawn[seen], values[slot.name][seen])
        if slot.kind.name == "category":
            assert drawn.min() >= 0
            assert drawn.max() < slot.kind.options
        if slot.kind.support == "simplex":
            assert (drawn > 0).all()
            torch.testing.assert_close(drawn.sum(-1), torch.ones(drawn.shape[:-1]))
        assert drawn.float().isfinite().all()


@pytest.mark.parametrize("problem", [bcmf(2, 2, 2), clusters(2)], ids=lambda p: p.name)
def test_missing_evidence_may_be_anything(problem: HandProblem) -> None:
    values = problem.simulate(3, 1)
    mask = {s.name: torch.zeros(3, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    wild = {n: torch.full_like(v, torch.nan) if v.is_floating_point() else v for n, v in values.items()}
    process, denoiser = process_for(problem, MASKED), denoiser_for(problem)
    outs = [
        sample(
            denoiser,
            problem.layout,
            process,
            v,
            mask,
            config=SamplerConfig(steps=2),
            generator=torch.Generator().manual_seed(1),
        )
        for v in (values, wild)
    ]
    assert all(torch.equal(outs[0][n], outs[1][n]) for n in values)


class PermutedNoise:
    """Noise of a base source with every array's plates permuted."""

    def __init__(self, permutations: dict[str, Tensor]) -> None:
        self.base = GeneratorNoise(torch.Generator().manual_seed(7))
        self.permutations = permutations

    def _move(self, array: str, draw: Tensor) -> Tensor:
        for axis, plate in enumerate(DIMS[array], start=1):
            draw = draw.index_select(axis, self.permutations[plate])
        return draw

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        return self._move(array, self.base.normal(array, step, shape))

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        return self._move(array, self.base.uniform(array, step, shape))


@pytest.mark.parametrize(("process", "sampler"), SAMPLERS)
def test_permuted_noise_gives_permuted_samples(process: ProcessConfig, sampler: SamplerConfig) -> None:
    check_permuted_samples(bcmf(4, 3, 2), "E", process, sampler)


@pytest.mark.parametrize(("process", "sampler"), SAMPLERS)
def test_permuted_noise_gives_permuted_vectors(process: ProcessConfig, sampler: SamplerConfig) -> None:
    check_permuted_samples(clusters(4), "x", process, sampler)
    check_permuted_samples(clusters(4), "pi", process, sampler)


def check_permuted_samples(
    problem: HandProblem, given: str, process: ProcessConfig, sampler: SamplerConfig
) -> None:
    denoiser, run = network_for(problem, process), process_for(problem, process)
    values = {n: v.double() if v.is_floating_point() else v for n, v in problem.simulate(4, 2).items()}
    mask = {s.name: torch.full((4, *s.shape), s.name == given) for s in problem.layout.arrays}
    identity = {"i": torch.arange(4), "j": torch.arange(3), "k": torch.arange(2)}
    shuffled = {"i": torch.tensor([2, 0, 3, 1]), "j": torch.tensor([1, 2, 0]), "k": torch.tensor([1, 0])}
    plain, moved = (
        sample(
            denoiser,
            problem.layout,
            run,
            {n: PermutedNoise(p)._move(n, v) for n, v in values.items()},
            mask,
            config=sampler,
            noise=PermutedNoise(p),
        )
        for p in (identity, shuffled)
    )
    for name, value in plain.items():
        expected = PermutedNoise(shuffled)._move(name, value)
        if not value.is_floating_point():
            assert torch.equal(moved[name], expected)
        else:
            torch.testing.assert_close(moved[name], expected, rtol=1e-7, atol=1e-7)


def test_restarts_change_latent_values_and_repeat_with_the_seed() -> None:
    problem = bcmf(2, 2, 2)
    values = problem.simulate(4, 1)
    mask = {name: torch.full_like(v, name == "E", dtype=torch.bool) for name, v in values.items()}
    process, denoiser = process_for(problem, MASKED), denoiser_for(problem)

    def draw(restarts: int) -> dict[str, Tensor]:
        config = SamplerConfig(steps=3, restarts=restarts, restart_steps=2)
        g = torch.Generator().manual_seed(2)
        return sample(denoiser, problem.layout, process, values, mask, config=config, generator=g)

    once, again, without = draw(1), draw(1), draw(0)
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert not torch.equal(once["C"], without["C"])


def test_a_sampler_needs_one_source_of_noise() -> None:
    problem = latin(2)
    values = problem.simulate(1, 0)
    mask = {"cell": torch.zeros(1, 2, 2, dtype=torch.bool)}
    with pytest.raises(ValueError, match="noise source"):
        sample(denoiser_for(problem), problem.layout, process_for(problem, MASKED), values, mask)
