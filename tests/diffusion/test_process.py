from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gsdmc.diffusion.gaussian import ancestral_step, gaussian_step
from gsdmc.diffusion.masked import choose_reveals, draw_values, margin
from gsdmc.diffusion.noise import gumbel
from gsdmc.diffusion.process import Process, ProcessConfig, onto_simplex
from gsdmc.diffusion.schedule import low_discrepancy_times, signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from tests.model.problems import bcmf, clusters


def test_the_linear_schedule_is_the_papers() -> None:
    times = torch.tensor([0.0, 0.001, 1.0], dtype=torch.float64)
    signal, noise = signal_and_noise("linear", times)
    betas = torch.linspace(1e-4, 5e-3, 1000, dtype=torch.float64)
    expected = torch.stack((torch.ones(()).double(), 1 - betas[0], torch.prod(1 - betas))).sqrt()
    torch.testing.assert_close(signal, expected)
    torch.testing.assert_close(signal**2 + noise**2, torch.ones(3, dtype=torch.float64))


@given(st.integers(1, 64), st.integers(0, 10))
def test_low_discrepancy_times_fill_every_stratum_once(batch: int, seed: int) -> None:
    times = low_discrepancy_times(batch, torch.Generator().manual_seed(seed))
    assert times.min() > 0
    assert times.max() <= 1
    assert torch.equal(((1 - times) * batch).floor().sort().values.long(), torch.arange(batch))


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


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(max_dims=3, max_side=5),
        elements=st.floats(-(2.0**66), 2.0**66, width=32),
    )
)
def test_whatever_is_brought_onto_the_simplex_is_on_it(vectors: np.ndarray) -> None:
    shares = onto_simplex(torch.from_numpy(vectors))
    assert (shares > 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones(vectors.shape[:-1]))


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_points_of_the_simplex_stay_where_they_are(entries: list[float]) -> None:
    shares = torch.tensor(entries, dtype=torch.float64)
    shares = shares / shares.sum()
    torch.testing.assert_close(onto_simplex(shares), shares)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_steps_keep_the_marginal_of_exact_predictions(schedule) -> None:
    """Starting from q(x_t | x0) and predicting x0 exactly, every solver lands in q(x_s | x0)."""
    g = torch.Generator().manual_seed(0)
    x0 = torch.tensor(1.7, dtype=torch.float64)
    time, to = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)
    signal, sigma = signal_and_noise(schedule, time)
    signal_to, sigma_to = signal_and_noise(schedule, to)
    x = signal * x0 + sigma * torch.randn(200_000, generator=g, dtype=torch.float64)
    fresh = torch.randn(200_000, generator=g, dtype=torch.float64)
    for churn in (0.0, 0.5, 1.0):
        y = gaussian_step(schedule, x, x0, time, to, churn, fresh)
        assert y.mean().item() == pytest.approx((signal_to * x0).item(), abs=0.01)
        assert y.std().item() == pytest.approx(sigma_to.item(), abs=0.01)
    y = ancestral_step(schedule, x, x0, time, to, fresh)
    assert y.mean().item() == pytest.approx((signal_to * x0).item(), abs=0.01)


def test_reveals_follow_scores_down_to_the_quota() -> None:
    masked = torch.tensor([[True, True, False, True], [True, False, False, False]])
    scores = torch.tensor([[0.1, 0.9, 5.0, 0.5], [0.0, 0.0, 0.0, 0.0]])
    shown = choose_reveals(masked, scores, torch.tensor([1, 1]))
    assert shown.tolist() == [[False, True, False, True], [False, False, False, False]]


def test_gumbel_draws_have_the_categorical_frequencies() -> None:
    log_p = torch.tensor([0.2, 0.5, 0.3]).log().expand(50_000, 3)
    uniform = torch.rand(50_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    frequencies = torch.bincount(draw_values(log_p, gumbel(uniform))) / 50_000
    torch.testing.assert_close(frequencies, log_p[0].exp(), atol=0.01, rtol=0)


def test_margin_is_the_gap_between_the_two_likeliest() -> None:
    probabilities = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    torch.testing.assert_close(margin(probabilities.log()).float(), torch.tensor([0.2, 1.0]))
