"""Every bundled program goes through every stage: compiled, simulated, trained for a few steps, sampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gsdmc

SIZES = {
    "bcmf": {"m": 10, "n": 10, "k": 10},
    "boolean": {"n": 4},
    "diagnosis": {},
    "epidemic": {},
    "hbmf": {},
    "inversion": {"n": 5},
    "noisy_bcmf": {},
    "sorting": {"n": 20},
    "sudoku": {},
    "sbi/bernoulli_glm": {},
    "sbi/eight_schools": {},
    "sbi/gaussian_linear": {},
    "sbi/gaussian_linear_uniform": {},
    "sbi/gaussian_mixture": {},
    "sbi/hmm": {},
    "sbi/slcp": {},
    "sbi/tree": {},
    "sbi/two_moons": {},
}
COUNTS = {
    "bcmf": (1300, 7300, 11),
    "boolean": (31, 91, 4),
    "inversion": (200, 950, 6),
    "sorting": (840, 18478, 40),
    "sudoku": (81, 1701, 21),
}


def test_the_list_of_programs_is_complete() -> None:
    assert sorted(SIZES) == sorted(gsdmc.bundled())


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_masks_have_the_sizes_that_the_paper_gives(name: str) -> None:
    """Appendix D of Weilbach et al. 2022; entries count both directions and the diagonal."""
    problem = gsdmc.compile(name, **SIZES[name])
    metrics = problem.metrics
    assert (metrics.nodes, metrics.entries, metrics.max_degree) == COUNTS[name]
    mask = problem.mask
    assert mask.shape == (metrics.nodes, metrics.nodes)
    assert (mask != mask.T).nnz == 0
    assert mask.diagonal().all()
    assert len(problem.nodes) == metrics.nodes


@pytest.mark.parametrize("preset", ["default", "paper"])
@pytest.mark.parametrize("name", sorted(SIZES))
def test_every_program_trains_and_samples(name: str, preset: str) -> None:
    problem = gsdmc.compile(name)
    draws = problem.simulate(2, seed=1)
    residuals = problem.verify(draws)
    assert all(holds.all() for holds in residuals.factors.values())
    model = gsdmc.train(problem, steps=2, batch=2, preset=preset, out=None, seed=0)
    given = {array for g in problem.givens for array in (*g.targets, *g.subset)}
    evidence = {a: draws[a][0].numpy().astype(float) for a in given}
    for g in problem.givens:
        for array in g.subset:
            evidence[array].reshape(-1)[::2] = np.nan
    samples = model.sample(evidence, num_samples=2, seed=0, steps=2)
    for array in problem.graph.arrays:
        assert samples[array.name].shape == (2, *array.shape, *array.kind.event_shape)
    for array, value in evidence.items():
        kept = ~np.isnan(value)
        assert (samples[array][:, kept] == value[kept].astype(samples[array].dtype)).all()


def test_one_network_runs_at_other_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "bcmf"
    problem = gsdmc.compile("bcmf", m=3, n=4, k=2)
    gsdmc.train(
        problem, steps=3, batch=4, out=folder, seed=0, vary={"m": (1, 10), "n": (1, 10), "k": (1, 10)}
    )
    model = gsdmc.load(folder)
    evidence = gsdmc.compile("bcmf", m=7, n=2, k=5).simulate(1, seed=0)["E"][0]
    samples = model.sample({"E": evidence}, num_samples=3, seed=0, steps=2, k=5)
    assert samples["A"].shape == (3, 7, 5)
    assert samples["R"].shape == (3, 5, 2)
