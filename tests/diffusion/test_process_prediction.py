"""From a network's outputs to data: points, mixtures and categories, and what is carried over."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.mixture import LEAST_STD
from gsdmc.diffusion.prediction import target
from gsdmc.diffusion.process import Process, ProcessConfig, Values
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.layout.layout import Layout
from tests.model.problems import HandProblem, bcmf, clusters, latin


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
