"""Samples of discrete joints have the law of an exact denoiser, and cost no more calls than they need."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampling.reveal import Reveal
from gsdmc.diffusion.sampling.sampler import SamplerConfig, Trace, sample
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import BOOLEAN, category
from gsdmc.layout.layout import Layout
from tests.diffusion.exact import ExactDenoiser
from tests.model.problems import make_layout

DRAWS = 20_000
STEPS = 300


def tabular(impossible: bool = False) -> tuple[Layout, ExactDenoiser, Tensor, dict[str, Tensor]]:
    """Four discrete variables in two arrays with a random joint; a third of its states may be impossible."""
    layout = make_layout(
        [("a", BOOLEAN, (2,)), ("b", category(3), (2,))], [("tie", np.array([2, 3]), np.array([0, 1]))]
    )
    states = torch.tensor(list(product(range(2), range(2), range(3), range(3))))  # [36, 4]
    g = torch.Generator().manual_seed(3)
    weights = 0.02 + torch.rand(len(states), generator=g, dtype=torch.float64) ** 4
    if impossible:
        weights[torch.rand(len(states), generator=g) < 1 / 3] = 0
    weights = weights / weights.sum()
    categories = {"a": states[:, :2], "b": states[:, 2:]}
    process = Process(ProcessConfig(), Standardiser.identity(layout))
    empty = torch.zeros(0, 0, dtype=torch.float64)
    return layout, ExactDenoiser(process, weights, categories, {}, empty), weights, categories


def draw(
    config: SamplerConfig, given: dict[str, tuple[Tensor, Tensor]] | None = None, impossible: bool = False
) -> tuple[Tensor, Trace]:
    """`[DRAWS, 4]` joint states given some, and what they cost."""
    layout, denoiser, _, _ = tabular(impossible)
    values = {s.name: torch.zeros(DRAWS, *s.shape, dtype=torch.int64) for s in layout.arrays}
    mask = {name: torch.zeros_like(value, dtype=torch.bool) for name, value in values.items()}
    for name, (where, what) in (given or {}).items():
        mask[name][:], values[name][:] = where, what
    trace, g = Trace(), torch.Generator().manual_seed(0)
    out = sample(denoiser, layout, denoiser.process, values, mask, config=config, generator=g, trace=trace)
    return torch.cat([out["a"].long(), out["b"]], dim=1), trace


def code(states: Tensor) -> Tensor:
    """Number of each state `[..., 4]` in the order of `tabular`."""
    return (states * torch.tensor([18, 9, 3, 1])).sum(-1)


def p_value(states: Tensor, weights: Tensor) -> float:
    """χ² test of draws against a law over the 36 states, of which impossible ones must not occur."""
    counts = torch.bincount(code(states), minlength=36)
    assert not counts[weights == 0].any()
    expected = weights * len(states)
    rare = (expected > 0) & (expected < 5)
    keep = expected >= 5
    observed = torch.cat([counts[keep], counts[rare].sum()[None]]).double()
    wanted = torch.cat([expected[keep], expected[rare].sum()[None]])
    use = wanted > 0
    return float(stats.chisquare(observed[use].numpy(), wanted[use].numpy()).pvalue)


EXACT = {
    "as the process": SamplerConfig(STEPS, order="random"),
    "one by one": SamplerConfig(order="shuffled", steps=4),
    "remasked": SamplerConfig(STEPS, order="random", remask=0.01),
    "restarted": SamplerConfig(STEPS, order="random", restarts=1, restart_steps=STEPS // 2),
}


@pytest.mark.parametrize("name", EXACT)
def test_an_exact_denoiser_samples_the_exact_joint(name: str) -> None:
    states, _ = draw(EXACT[name])
    assert p_value(states, tabular()[2]) > 1e-3


@pytest.mark.parametrize("name", ["one by one", "remasked"])
def test_an_exact_denoiser_samples_the_exact_conditional(name: str) -> None:
    _, _, weights, categories = tabular()
    evidence = {
        "a": (torch.tensor([False, True]), torch.tensor([0, 1])),
        "b": (torch.tensor([True, False]), torch.tensor([2, 0])),
    }
    fits = (categories["a"][:, 1] == 1) & (categories["b"][:, 0] == 2)
    law = torch.where(fits, weights, 0)
    states, _ = draw(EXACT[name], evidence)
    assert p_value(states, law / law.sum()) > 1e-3


@pytest.mark.parametrize("order", ["margin", "confidence", "entropy"])
def test_orders_by_confidence_one_by_one_are_exact_too_without_a_floor(order) -> None:
    """Whatever is revealed first, each value is drawn given those before it."""
    config = SamplerConfig(4, order=order, certain=0.0, floor=0.0, order_noise=0.0)
    states, trace = draw(config, impossible=True)
    assert p_value(states, tabular(impossible=True)[2]) > 1e-3
    assert trace.calls == 4


def test_what_the_test_would_find() -> None:
    """Two steps draw dependent values independently, and a floor loses rare ones: both are seen."""
    for config in (SamplerConfig(2, order="shuffled"), SamplerConfig(4, order="shuffled", floor=0.1)):
        states, _ = draw(config)
        with pytest.raises(AssertionError):
            assert p_value(states, tabular()[2]) > 1e-3


def test_temperature_sharpens_single_draws() -> None:
    weights = tabular()[2]
    cold, _ = draw(SamplerConfig(4, order="shuffled", temperature=0.25))
    most = float(weights.max())
    assert float((code(cold) == int(weights.argmax())).double().mean()) > 2 * most


def decide(config: SamplerConfig, probabilities: list[list[float]], after: float) -> list[bool]:
    """What a step from time 1 reveals of one array of values with these probabilities."""
    log_p = torch.tensor([probabilities], dtype=torch.float64).log()
    latent = torch.ones(1, len(probabilities), dtype=torch.bool)
    uniforms = torch.full((1, len(probabilities)), 0.5, dtype=torch.float64)
    reveal = Reveal(config, latent, latent, uniforms, torch.tensor(1.0), torch.tensor(after))
    shown: list[bool] = reveal.choose([log_p])[0].tolist()
    return shown


CATEGORICAL = [
    [0.48, 0.47, 0.05],  # of least margin
    [0.45, 0.275, 0.275],  # of most entropy, least confidence
    [0.5, 0.4, 0.1],
    [0.6, 0.395, 0.005],
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("margin", [False, True, False, True]),
        ("confidence", [False, False, True, True]),
        ("entropy", [True, False, False, True]),
    ],
)
def test_each_order_reveals_what_it_says(order, expected: list[bool]) -> None:
    config = SamplerConfig(order=order, certain=0.0, order_noise=0.0)
    assert decide(config, CATEGORICAL, 0.5) == expected


def test_a_threshold_reveals_all_above_it_at_once() -> None:
    config = SamplerConfig(certain=0.0, threshold=0.49)
    assert decide(config, CATEGORICAL, 1.0) == [False, False, True, True]
    assert decide(SamplerConfig(certain=0.0), CATEGORICAL, 1.0) == [False] * 4


def test_values_are_revealed_at_once_whose_entropies_are_certain_together() -> None:
    sure = [[0.99, 0.01], [0.98, 0.02], [0.9, 0.1]]  # 0.056, 0.098, 0.325 nats
    assert decide(SamplerConfig(certain=0.05), sure, 1.0) == [False, False, False]
    assert decide(SamplerConfig(certain=0.1), sure, 1.0) == [True, False, False]
    assert decide(SamplerConfig(certain=0.16), sure, 1.0) == [True, True, False]
    assert decide(SamplerConfig(certain=1.0, order="shuffled"), sure, 1.0) == [False] * 3


def test_examples_with_nothing_to_reveal_make_no_call() -> None:
    """In a hundred steps each of four values is revealed once, whether its step is drawn or counted."""
    for order in ("random", "shuffled", "margin"):
        _, trace = draw(SamplerConfig(100, order=order, certain=0.0))
        assert trace.samples == DRAWS
        assert trace.per_sample <= 4
        assert trace.calls <= 100


def test_certain_values_take_fewer_calls() -> None:
    calls = [draw(SamplerConfig(4, certain=certain))[1].per_sample for certain in (0.0, 1.5, 20.0)]
    assert calls[0] == 4
    assert calls[0] > calls[1] > calls[2] == 1
