from __future__ import annotations

import json
import math
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gsdmc.compiler import Problem, compile_text
from gsdmc.diffusion.bijections import EDGE
from gsdmc.diffusion.mixture import LEAST_STD
from gsdmc.diffusion.noise import gumbel
from gsdmc.diffusion.prediction import target
from gsdmc.diffusion.process import Process, ProcessConfig, Values
from gsdmc.diffusion.sampling.gaussian import ancestral_step, gaussian_step
from gsdmc.diffusion.sampling.masked import choose_reveals, draw_values, margin
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.layout.layout import Layout
from tests.model.problems import HandProblem, bcmf, clusters, latin


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


ONE_OF_EACH = """
(let [a (sample "positive" (gamma 2.0 0.5))
      b (sample "unit" (beta 2.0 2.0))
      c (sample "interval" (uniform -3 -1))
      d (sample "simplex" (dirichlet [2.0 1.0 0.5]))
      e (sample "count" (poisson 3.0))
      f (sample "real" (normal 5.0 2.0))
      g (sample "flag" (bernoulli 0.3))
      h (sample "level" (categorical [0.2 0.3 0.5]))
      i (sample "opposite" (dirac (if g false true)))
      j (sample "sum" (dirac (+ h 2)))
      k (sample "total" (dirac (+ e 1)))]
  (sample "y" (dirac (* a f))))
"""


@cache
def one_of_each() -> Problem:
    return compile_text(ONE_OF_EACH, "each.clj")


def each_process(*, bijections: bool = True, standardise: bool = True) -> Process:
    layout = one_of_each().layout
    scales = Standardiser.identity(layout)
    if standardise:
        draws = one_of_each().simulate(2000, 7)
        scales = Standardiser.estimate(layout, [(layout, draws)], bijections=bijections)
    return Process(ProcessConfig(bijections=bijections, standardise=standardise), scales)


def test_dirac_nodes_keep_the_kind_of_their_values() -> None:
    problem = one_of_each()
    kinds = {slot.name: slot.kind.name for slot in problem.layout.arrays}
    computed = {"opposite": "boolean", "sum": "category", "total": "count", "y": "real"}
    assert {name: kinds[name] for name in computed} == computed
    values = problem.simulate(20, 0)
    process = each_process()
    clean = process.encode(problem.layout, values, torch.float32)
    decoded = process.decode(problem.layout, clean)
    for name in ("opposite", "sum", "total", "flag", "level", "count"):
        assert decoded[name].dtype == values[name].dtype
        assert torch.equal(decoded[name], values[name])
    assert {n: clean[n].shape[-1] for n in ("opposite", "sum")} == {"opposite": 2, "sum": 5}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("standardise", [True, False])
@given(st.integers(0, 2**32), st.floats(0, 4))
@settings(max_examples=5)
def test_no_state_decodes_to_a_value_outside_its_support(
    dtype: torch.dtype, standardise: bool, seed: int, magnitude: float
) -> None:
    layout = one_of_each().layout
    g = torch.Generator().manual_seed(seed)
    state = {
        s.name: (torch.randn(8, *s.state_shape, generator=g) * 10**magnitude).clamp(-1e4, 1e4).to(dtype)
        for s in layout.arrays
    }
    values = each_process(standardise=standardise).decode(layout, state)
    assert ((values["positive"] > 0) & values["positive"].isfinite()).all()
    assert ((values["unit"] > 0) & (values["unit"] < 1)).all()
    assert ((values["interval"] > -3) & (values["interval"] < -1)).all()
    assert ((values["simplex"] > 0) & (values["simplex"] < 1)).all()
    torch.testing.assert_close(values["simplex"].sum(-1), torch.ones(8, dtype=dtype))
    assert (values["count"] >= 0).all()
    assert values["real"].isfinite().all()


@pytest.mark.parametrize("standardise", [True, False])
@given(st.integers(0, 2**32))
@settings(max_examples=5)
def test_moderate_states_come_back(standardise: bool, seed: int) -> None:
    layout, process = one_of_each().layout, each_process(standardise=standardise)
    g = torch.Generator().manual_seed(seed)
    state = {s.name: torch.randn(8, *s.state_shape, generator=g).double() for s in layout.arrays}
    state["simplex"] -= state["simplex"].mean(-1, keepdim=True)
    decoded = process.decode(layout, state)
    again = process.encode(layout, decoded, torch.float64)
    for name in ("positive", "unit", "interval", "simplex", "real", "y"):
        torch.testing.assert_close(again[name], state[name], rtol=1e-6, atol=1e-6)
    single = process.encode(
        layout, {n: v.float() if v.is_floating_point() else v for n, v in decoded.items()}, torch.float32
    )
    for name in ("positive", "unit", "interval", "simplex", "real", "y"):
        torch.testing.assert_close(single[name].double(), state[name], rtol=1e-3, atol=1e-3)


def test_a_positive_zero_is_read_as_a_tiny_share_of_its_scale() -> None:
    layout = one_of_each().layout
    draws = one_of_each().simulate(2000, 7)
    zero = {n: torch.zeros_like(v) for n, v in draws.items()}
    logs = draws["positive"].double().log()
    for stretch in (1.0, 1e-9, 1e9):
        moved = {**draws, "positive": draws["positive"] * stretch}
        scales = Standardiser.estimate(layout, [(layout, moved)])
        process = Process(ProcessConfig(), scales)
        state = process.encode(layout, zero, torch.float64)["positive"][0].item()
        assert state == pytest.approx(-max(12.0, -math.log(EDGE) / logs.std(correction=0).item()), rel=1e-3)


@pytest.mark.parametrize("bijections", [True, False])
def test_the_log_jacobian_is_that_of_encoding(bijections: bool) -> None:
    layout, process = one_of_each().layout, each_process(bijections=bijections)
    values = {n: v.double() if v.is_floating_point() else v for n, v in one_of_each().simulate(6, 3).items()}
    found = process.log_jacobian(layout, values)
    assert all(t.shape == (6,) for t in found.values())
    for name in ("positive", "unit", "interval", "real", "y"):
        x = values[name].clone().requires_grad_()
        state = process.encode(layout, {**values, name: x}, torch.float64)[name]
        (slope,) = torch.autograd.grad(state.sum(), x)
        torch.testing.assert_close(found[name], slope.log())
    assert not any(found[name].any() for name in ("flag", "level", "sum"))
    free = values["simplex"][..., :-1]

    def plane(shares: torch.Tensor) -> torch.Tensor:
        whole = torch.cat((shares, 1 - shares.sum(-1, keepdim=True)), -1)
        return process.encode(layout, {**values, "simplex": whole.expand(6, 3)}, torch.float64)["simplex"][0]

    slopes = torch.autograd.functional.jacobian(plane, free[0])  # [3, 2]
    if bijections:
        volume = torch.linalg.det(slopes.T @ slopes).sqrt().log()
        torch.testing.assert_close(found["simplex"][0], volume)


def test_the_log_jacobian_counts_what_it_is_asked_for() -> None:
    problem = bcmf(2, 3, 2)
    values = problem.simulate(4, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    process = Process(ProcessConfig(), scales)
    where = {s.name: torch.zeros(4, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    where["C"][:, 0] = True
    whole = process.log_jacobian(problem.layout, values)
    part = process.log_jacobian(problem.layout, values, where)
    torch.testing.assert_close(part["C"], whole["C"] / 2)
    assert not part["A"].any()
    assert whole["A"].abs().min() > 0.1


def test_without_bijections_values_are_clipped_into_their_support() -> None:
    layout, process = one_of_each().layout, each_process(bijections=False)
    state = {s.name: torch.full((2, *s.state_shape), -1e4) for s in layout.arrays}
    values = process.decode(layout, state)
    assert values["positive"].tolist() == [0, 0]
    assert values["interval"].tolist() == [-3, -3]
    assert values["unit"].tolist() == [0, 0]
    torch.testing.assert_close(values["simplex"], torch.full((2, 3), 1 / 3))


def test_settings_survive_json_and_older_ones_had_no_bijections() -> None:
    for config in (ProcessConfig(), ProcessConfig(bijections=False, prediction="v")):
        assert ProcessConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    old = ProcessConfig().to_json()
    del old["bijections"]
    assert ProcessConfig.from_json(old) == ProcessConfig(bijections=False)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "edm"])
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


class Perfect:
    """A network that knows the data, and says so in the form that a process asks for."""

    def __init__(
        self, clean: dict[str, Tensor], noise: dict[str, Tensor], process: Process, time: Tensor
    ) -> None:
        self.clean, self.noise, self.process, self.time = clean, noise, process, time
        self.clocks: list[Tensor] = []

    def __call__(self, layout: Layout, state: Values, observed: Values, clock: Tensor) -> dict[str, Tensor]:
        self.clocks.append(clock)
        out = {}
        for slot in layout.arrays:
            x0 = self.clean[slot.name]
            if slot.kind.discrete:
                out[slot.name] = torch.zeros_like(x0)
            else:
                factors = self.process.factors(self.time, x0)
                out[slot.name] = target(self.process.config.prediction, x0, self.noise[slot.name], *factors)
        return out


@pytest.mark.parametrize("schedule", ["linear", "cosine", "edm"])
@pytest.mark.parametrize("prediction", ["x0", "v", "noise"])
def test_a_perfect_prediction_of_any_kind_gives_the_data(schedule, prediction) -> None:
    problem = clusters(3)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, problem.simulate(100, 1))])
    process = Process(ProcessConfig(schedule, prediction), scales)
    clean = process.encode(problem.layout, problem.simulate(5, 0), torch.float64)
    hidden = {s.name: torch.zeros(5, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.tensor([0.001, 0.1, 0.5, 0.9, 0.99], dtype=torch.float64)
    state, noise = process.corrupt(problem.layout, clean, hidden, time, torch.Generator().manual_seed(0))
    network = Perfect(clean, noise, process, time)
    found = process.denoise(network, problem.layout, state, hidden, time)  # type: ignore[arg-type]
    for name in ("pi", "x", "r"):
        torch.testing.assert_close(found[name], clean[name], rtol=1e-6, atol=1e-6)


def test_unmasked_values_are_carried_over_and_no_mask_is_ever_predicted() -> None:
    problem = latin(3)
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, problem.simulate(50, 0), torch.float64)
    seen = {"cell": torch.rand(50, 3, 3, generator=torch.Generator().manual_seed(3)) < 0.3}
    time = torch.full((50,), 0.5, dtype=torch.float64)
    state, masked = process.corrupt(problem.layout, clean, seen, time, torch.Generator().manual_seed(0))
    network = Perfect(clean, masked, process, time)
    log_p = process.denoise(network, problem.layout, state, seen, time)["cell"]  # type: ignore[arg-type]
    hidden = masked["cell"]
    assert 0.2 < hidden.double().mean() < 0.5
    torch.testing.assert_close(log_p[hidden], torch.full((int(hidden.sum()), 3), -math.log(3)).double())
    assert torch.equal(log_p[~hidden].exp(), clean["cell"][~hidden])
    assert torch.equal((log_p * clean["cell"]).sum(-1)[~hidden], torch.zeros(int((~hidden).sum())).double())


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_rate_of_masking_is_that_of_the_bound(power: float) -> None:
    """-α' / (1 - α), by numerical differentiation of the masking probability."""
    process = Process(ProcessConfig(mask_power=power), Standardiser.identity(latin(2).layout))
    time = torch.linspace(0.05, 0.95, 19, dtype=torch.float64).requires_grad_()
    masking = process.masking(time)
    (slope,) = torch.autograd.grad(masking.sum(), time)
    torch.testing.assert_close(process.mask_rate(time), slope / masking)


@pytest.mark.parametrize(
    ("problem", "still"), [(latin(3), True), (bcmf(2, 2, 2), False)], ids=["masked", "mixed"]
)
def test_time_stands_still_on_request_where_all_is_masked(problem: HandProblem, still: bool) -> None:
    process = Process(ProcessConfig(time_conditioning=False), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, problem.simulate(2, 0), torch.float64)
    hidden = {s.name: torch.zeros(2, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.tensor([0.2, 0.7], dtype=torch.float64)
    state, noise = process.corrupt(problem.layout, clean, hidden, time, torch.Generator().manual_seed(0))
    network = Perfect(clean, noise, process, time)
    process.denoise(network, problem.layout, state, hidden, time)  # type: ignore[arg-type]
    assert network.clocks[0].tolist() == ([0.0, 0.0] if still else pytest.approx([200.0, 700.0]))
    assert process.network_time(time).tolist() == pytest.approx([200.0, 700.0])


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="schedule is 'quadratic'; it is one of linear, cosine, edm"):
        ProcessConfig(schedule="quadratic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mask_power"):
        ProcessConfig(mask_power=0.0)
    with pytest.raises(ValueError, match="no weighting"):
        ProcessConfig(loss="sum", weighting="snr")
    with pytest.raises(ValueError, match="at least 1"):
        ProcessConfig(components=0)
    for mixed in ({"head": "mixture"}, {"reals": "masked"}):
        with pytest.raises(ValueError, match="no mixture"):
            ProcessConfig(loss="sum", **mixed)  # type: ignore[arg-type]


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


@pytest.mark.parametrize("prediction", ["x0", "v", "noise"])
@pytest.mark.parametrize("schedule", ["cosine", "edm"])
def test_an_untrained_mixture_knows_a_standard_normal_in_v(schedule, prediction) -> None:
    """Of data N(0, 1) the belief given a noisy state is N(signal x, noise²), which v's zeros stand for."""
    problem = clusters(3)
    config = ProcessConfig(schedule, prediction, head="mixture", components=1)
    process = Process(config, Standardiser.identity(problem.layout))
    state = {
        s.name: torch.randn(4, *s.state_shape, generator=torch.Generator().manual_seed(0)).double()
        for s in problem.layout.arrays
    }
    time = torch.tensor([0.3, 0.4, 0.6, 0.9], dtype=torch.float64)

    def network(layout: Layout, state: Values, observed: Values, clock: Tensor) -> dict[str, Tensor]:
        return {
            s.name: torch.zeros(4, *s.shape, s.kind.options or 1 + 2 * s.kind.channels).double()
            for s in layout.arrays
        }

    found = process.predict(network, problem.layout, state, {}, time)  # type: ignore[arg-type]
    signal, noise = process.factors(time, state["r"])
    known = {
        "x0": (0.0, 1.0),
        "v": (signal * state["r"], noise),
        "noise": (state["r"] / signal, noise / signal),
    }
    mean, std = known[prediction]
    std = (std + LEAST_STD) * torch.ones(4, 3).double()
    expected = torch.distributions.Normal(mean * torch.ones(4, 3).double(), std)
    x0 = expected.mean + std * torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(found["r"].log_prob(x0), expected.log_prob(x0))
    torch.testing.assert_close(found["r"].mean, expected.mean)
    means = process.denoise(network, problem.layout, state, {}, time)  # type: ignore[arg-type]
    torch.testing.assert_close(means["r"], expected.mean)
    assert {n: m.shape for n, m in means.items()} == {n: x.shape for n, x in state.items()}
    assert found["z"].log_prob(torch.eye(3)[None].expand(4, 3, 3).double()).shape == (4, 3)


def test_points_are_predicted_where_no_mixture_is() -> None:
    problem = clusters(3)
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, problem.simulate(2, 0), torch.float64)
    hidden = {s.name: torch.zeros(2, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.tensor([0.2, 0.7], dtype=torch.float64)
    state, noise = process.corrupt(problem.layout, clean, hidden, time, torch.Generator().manual_seed(0))
    network = Perfect(clean, noise, process, time)
    found = process.predict(network, problem.layout, state, hidden, time)  # type: ignore[arg-type]
    torch.testing.assert_close(found["x"].mean, clean["x"])
    with pytest.raises(ValueError, match="no density"):
        found["x"].log_prob(clean["x"])


def test_masked_reals_that_are_there_are_carried_over() -> None:
    problem = bcmf(2, 2, 2)
    config = ProcessConfig(reals="masked", components=2)
    process = Process(config, Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, problem.simulate(50, 0), torch.float64)
    seen = {s.name: torch.full((50, *s.shape), s.name == "E") for s in problem.layout.arrays}
    time = torch.full((50,), 0.5, dtype=torch.float64)
    state, masked = process.corrupt(problem.layout, clean, seen, time, torch.Generator().manual_seed(0))

    def network(layout: Layout, state: Values, observed: Values, clock: Tensor) -> dict[str, Tensor]:
        return {s.name: torch.ones(50, *s.shape, s.kind.options or 6).double() for s in layout.arrays}

    found = process.denoise(network, problem.layout, state, seen, time)  # type: ignore[arg-type]
    for name in ("A", "C", "E"):
        shown = ~masked[name]
        assert torch.equal(found[name][shown], clean[name][..., 0][shown])
        torch.testing.assert_close(found[name][~shown], torch.ones(int((~shown).sum())).double())
