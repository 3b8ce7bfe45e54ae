from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampling.predictor import Predictor
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.diffusion.standardise import Standardiser
from tests.model.problems import latin
from tests.model.test_denoiser import denoiser_for

TOLD, UNTOLD = ProcessConfig(), ProcessConfig(time_conditioning=False)


def predictor(config: ProcessConfig) -> tuple[Predictor, dict[str, Tensor], Trace]:
    problem = latin(3)
    process = Process(config, Standardiser.identity(problem.layout))
    observed = {"cell": torch.zeros(4, 3, 3, dtype=torch.bool)}
    state = process.encode(problem.layout, problem.simulate(4, 0), torch.float64)
    trace = Trace()
    return Predictor(denoiser_for(problem), problem.layout, process, observed, trace), state, trace


def time(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


@torch.no_grad()
def test_only_examples_that_ask_go_through_the_network() -> None:
    calls, state, trace = predictor(TOLD)
    assert calls.predict(state, time(1.0), torch.zeros(4, dtype=torch.bool)) == {}
    assert trace.calls == 0
    some = torch.tensor([True, False, True, False])
    part = calls.predict(state, time(0.5), some)["cell"]
    assert (trace.calls, trace.evaluations) == (1, 2)
    whole = predictor(TOLD)[0].predict(state, time(0.5), torch.ones(4, dtype=torch.bool))["cell"]
    torch.testing.assert_close(part[some], whole[some])


@torch.no_grad()
def test_without_a_time_input_only_changed_examples_are_called_again() -> None:
    calls, state, trace = predictor(UNTOLD)
    everyone = torch.ones(4, dtype=torch.bool)
    before = calls.predict(state, time(1.0), everyone)["cell"]
    assert torch.equal(calls.predict(state, time(0.8), everyone)["cell"], before)
    assert (trace.calls, trace.evaluations) == (1, 4)
    changed = torch.tensor([False, True, False, False])
    state["cell"][1] = 0
    calls.changed(changed)
    after = calls.predict(state, time(0.6), everyone)["cell"]
    assert (trace.calls, trace.evaluations) == (2, 5)
    assert torch.equal(after[~changed], before[~changed])
    assert not torch.equal(after[1], before[1])


@torch.no_grad()
def test_with_a_time_input_another_time_is_another_call() -> None:
    calls, state, trace = predictor(TOLD)
    everyone = torch.ones(4, dtype=torch.bool)
    calls.predict(state, time(1.0), everyone)
    calls.predict(state, time(0.8), everyone)
    calls.predict(state, time(0.8), everyone)
    assert trace.calls == 2


def test_a_network_without_time_is_called_once_a_change() -> None:
    """Nine cells change at most nine times, however many steps look for certain ones."""
    problem = latin(3)
    evaluations = {}
    for config in (TOLD, UNTOLD):
        process, trace = Process(config, Standardiser.identity(problem.layout)), Trace()
        sample(
            denoiser_for(problem),
            problem.layout,
            process,
            problem.simulate(4, 0),
            {"cell": torch.zeros(4, 3, 3, dtype=torch.bool)},
            config=SamplerConfig(100, certain=1e-6),
            generator=torch.Generator().manual_seed(0),
            trace=trace,
        )
        evaluations[config] = trace.per_sample
    assert evaluations[UNTOLD] <= 9
    assert evaluations[TOLD] > 50


def test_nothing_latent_costs_nothing() -> None:
    problem, trace = latin(3), Trace()
    values = problem.simulate(4, 0)
    out = sample(
        denoiser_for(problem),
        problem.layout,
        Process(ProcessConfig(), Standardiser.identity(problem.layout)),
        values,
        {"cell": torch.ones(4, 3, 3, dtype=torch.bool)},
        generator=torch.Generator().manual_seed(0),
        trace=trace,
    )
    assert torch.equal(out["cell"], values["cell"])
    assert (trace.calls, trace.samples) == (0, 4)
