"""What noise and masks do to states: the stated marginals, evidence and vectors kept whole."""

from __future__ import annotations

import pytest
import torch

from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from tests.diffusion.one_of_each import one_of_each
from tests.model.problems import bcmf, clusters, latin


def test_corruption_has_the_stated_marginals_and_keeps_evidence() -> None:
    problem = bcmf(2, 2, 2)
    values = {n: v[:1].expand(20_000, *v.shape[1:]) for n, v in problem.simulate(1, 0).items()}
    process = Process(ProcessConfig(mask_power=2.0), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, values, torch.float64)
    seen = {n: torch.zeros_like(v, dtype=torch.bool) for n, v in values.items()}
    seen["E"] |= True
    time = torch.full((20_000,), 0.6, dtype=torch.float64)
    state, noise = process.corrupt(problem.layout, clean, seen, time, torch.Generator().manual_seed(0))
    signal, sigma = signal_and_noise("cosine", time[:1])
    torch.testing.assert_close(state["A"].mean(0), signal * clean["A"][0], atol=0.03, rtol=0)
    torch.testing.assert_close(state["A"].std(0), sigma.expand(2, 2), atol=0.03, rtol=0)
    assert noise["R"].double().mean().item() == pytest.approx(0.36, abs=0.02)
    assert torch.equal(state["R"].sum(-1) == 0, noise["R"])
    assert torch.equal(state["E"], clean["E"])


def test_a_vector_is_noised_as_a_whole_or_kept_as_a_whole() -> None:
    problem = clusters(3)
    values = {n: v[:1].expand(20_000, *v.shape[1:]) for n, v in problem.simulate(1, 0).items()}
    scales = Standardiser.estimate(problem.layout, [(problem.layout, problem.simulate(100, 1))])
    process = Process(ProcessConfig(), scales)
    clean = process.encode(problem.layout, values, torch.float64)
    seen = {s.name: torch.zeros(20_000, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    seen["x"][:, 1] = True
    seen["pi"][:10_000] = True
    time = torch.full((20_000,), 0.6, dtype=torch.float64)
    state, noise = process.corrupt(problem.layout, clean, seen, time, torch.Generator().manual_seed(0))
    signal, sigma = signal_and_noise("cosine", time[:1])
    assert torch.equal(state["x"][:, 1], clean["x"][:, 1])
    assert torch.equal(state["pi"][:10_000], clean["pi"][:10_000])
    torch.testing.assert_close(state["x"][:, 0].mean(0), signal * clean["x"][0, 0], atol=0.03, rtol=0)
    torch.testing.assert_close(state["x"][:, 0].std(0), sigma.expand(2), atol=0.03, rtol=0)
    torch.testing.assert_close(state["pi"][10_000:].std(0), sigma.expand(3), atol=0.03, rtol=0)
    assert noise["x"].shape == (20_000, 3, 2)


def test_masked_reals_are_absent_and_zero_is_not() -> None:
    problem = one_of_each()
    layout = problem.layout
    values = problem.simulate(2000, 0)
    scales = Standardiser.estimate(layout, [(layout, values)])
    process = Process(ProcessConfig(reals="masked", mask_power=2.0), scales)
    clean = process.encode(layout, values, torch.float64)
    channels = {s.name: s.kind.channels + (not s.kind.discrete) for s in layout.arrays}
    assert {n: c.shape for n, c in clean.items()} == {n: (2000, c) for n, c in channels.items()}
    seen = {s.name: torch.zeros(2000, dtype=torch.bool) for s in layout.arrays}
    seen["real"][:1000] = True
    time = torch.full((2000,), 0.6, dtype=torch.float64)
    state, masked = process.corrupt(layout, clean, seen, time, torch.Generator().manual_seed(0))
    for slot in layout.arrays:
        hidden = masked[slot.name]
        assert not state[slot.name][hidden].any()
        assert torch.equal(state[slot.name][~hidden], clean[slot.name][~hidden])
        assert not (hidden & seen[slot.name]).any()
        latent = ~seen[slot.name]
        assert hidden[latent].double().mean().item() == pytest.approx(0.36, abs=0.05)
        if not slot.kind.discrete:
            assert torch.equal(state[slot.name][..., -1] == 0, hidden)
    decoded = process.decode(layout, clean)
    for name, value in values.items():
        torch.testing.assert_close(decoded[name].double(), value.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_rate_of_masking_is_that_of_the_bound(power: float) -> None:
    """-α' / (1 - α), by numerical differentiation of the masking probability."""
    process = Process(ProcessConfig(mask_power=power), Standardiser.identity(latin(2).layout))
    time = torch.linspace(0.05, 0.95, 19, dtype=torch.float64).requires_grad_()
    masking = process.masking(time)
    (slope,) = torch.autograd.grad(masking.sum(), time)
    torch.testing.assert_close(process.mask_rate(time), slope / masking)
