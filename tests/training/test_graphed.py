from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import gsdmc
from gsdmc.inference.fit import TrainingProblem
from gsdmc.training.config import TrainingConfig
from gsdmc.training.graphed import FlatDenoiser, GraphedDenoiser
from gsdmc.training.loop import Run
from tests.model.problems import bcmf, chain

SMALL = TrainingConfig(width=32, layers=2, heads=2, batch=4, reach=False)
STEPS = 3

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def new_run(config: TrainingConfig = SMALL, device: str = "cpu") -> Run:
    return Run(bcmf(3, 2, 2), config, 0, (), None, torch.device(device))


def arguments(run: Run) -> tuple[Any, ...]:
    """Of a call of the network."""
    batch = run.batches(0)
    state = run.process.encode(batch.layout, batch.values, torch.float32)
    return batch.layout, state, batch.observed, torch.linspace(0, 999, SMALL.batch, dtype=torch.float64)


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, ...]]:
    """torch's captures, imitated on the CPU: the same memory goes in at every call. Keeps their inputs."""
    made: list[tuple[Tensor, ...]] = []

    def capture(module: FlatDenoiser, samples: tuple[Tensor, ...], **options: Any) -> Callable[..., Any]:
        assert options["allow_unused_input"]
        assert not torch.is_autocast_enabled("cpu")  # the backward pass would be captured in it
        made.append(samples)

        def replay(*tensors: Tensor) -> Any:
            for kept, new in zip(samples, tensors, strict=True):
                kept.copy_(new)
            return module(*samples)

        return replay

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", capture)
    return made


@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_flat_tensors_make_the_same_predictions_and_gradients(architecture: str) -> None:
    run = new_run(SMALL.with_changes(architecture=architecture))
    layout, state, observed, time = arguments(run)
    for weight in run.weights:  # a new network predicts zeros
        weight.data.normal_(generator=torch.Generator().manual_seed(weight.numel()))
    flat = FlatDenoiser(run.denoiser, layout)
    found = flat.unflatten(flat(*flat.flatten(state, observed, time)))
    plain = run.denoiser(layout, state, observed, time)
    assert list(found) == [slot.name for slot in layout.arrays] == list(plain)
    for name, predicted in plain.items():
        assert torch.equal(found[name], predicted)
    one, other = (
        torch.autograd.grad(sum(p.square().sum() for p in predicted.values()), run.weights, allow_unused=True)
        for predicted in (found, plain)
    )
    for a, b in zip(one, other, strict=True):
        assert (a is None and b is None) or torch.equal(a, b)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_replayed_steps_are_plain_steps(captures: list[tuple[Tensor, ...]], precision: str) -> None:
    config = SMALL.with_changes(precision=precision)
    plain, graphed = new_run(config), new_run(config)
    graphed.network = GraphedDenoiser(graphed.denoiser, graphed.acceleration.precision)  # type: ignore[assignment]
    for _ in range(STEPS):
        assert torch.equal(plain.advance(0.0), graphed.advance(0.0))
    assert len(captures) == 1
    assert all(torch.equal(a, b) for a, b in zip(plain.weights, graphed.weights, strict=True))
    assert next(iter(graphed.network.parameters())) is graphed.weights[0]


def test_a_capture_serves_one_layout_and_one_form(captures: list[tuple[Tensor, ...]]) -> None:
    run = new_run()
    network = GraphedDenoiser(run.denoiser)
    layout, state, observed, time = arguments(run)
    network(layout, state, observed, time)
    with pytest.raises(ValueError, match="captured for one layout"):
        network(chain().layout, state, observed, time)
    fewer = [{name: value[:2] for name, value in part.items()} for part in (state, observed)]
    with pytest.raises(ValueError, match=r"captured for .*torch\.Size\(\[4, 3, 2\]\)"):
        network(layout, *fewer, time[:2])
    assert len(captures) == 1


@pytest.mark.gpu
@needs_cuda
@pytest.mark.filterwarnings("default")  # torch's own, while it compiles
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"precision": "float32", "compile": "off"},
        {"recompute": "on", "compile": "off"},
        {"architecture": "paper", "optimiser": "adam", "roles": False},
    ],
    ids=["auto", "plain", "recomputed", "paper"],
)
def test_captured_steps_are_plain_steps(settings: dict[str, Any]) -> None:
    config = SMALL.with_changes(learning_rate=1e-3, matrix_rate=1e-3, **settings)
    problem = TrainingProblem(gsdmc.compile("bcmf", m=3, n=3, k=2), {})
    plain, graphed = (
        Run(problem, config.with_changes(graphs=choice), 0, (), None, torch.device("cuda", 0))
        for choice in ("off", "on")
    )
    assert isinstance(graphed.network, GraphedDenoiser)
    for _ in range(STEPS):
        torch.testing.assert_close(plain.advance(0.0), graphed.advance(0.0), rtol=1e-4, atol=1e-5)
    for a, b in zip(plain.weights, graphed.weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
