from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.diffusion.config import RealsName
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference import draw as module
from gsdmc.inference.draw import BYTES, WORKING, chunk_size, draw, numbers_per_row, rows_within
from gsdmc.inference.model import Model
from gsdmc.layout.layout import ArraySlot, Layout
from gsdmc.training.config import TrainingConfig
from tests.elsewhere import FAR, Elsewhere, Far


def test_batches_of_any_length_come_in_chunks_that_fit(bcmf: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = bcmf.problem.layout
    truth = bcmf.problem.simulate(5, seed=0)
    mask = {name: torch.full(v.shape, name == "E") for name, v in truth.items()}
    monkeypatch.setattr(module, "BUDGET", 2 * 32 * (layout.nodes + layout.structure.entries))
    assert chunk_size(layout, 32) == 2
    samples = draw(bcmf.trained, layout, truth, mask, seed=0, steps=1)
    assert {len(v) for v in samples.values()} == {5}
    assert torch.equal(samples["E"], truth["E"])
    rows = samples["A"].reshape(5, -1).numpy()
    assert len(np.unique(rows, axis=0)) == 5  # every chunk has noise of its own
    monkeypatch.setattr(module, "BUDGET", 1)
    assert chunk_size(layout, 32) == 1


def test_vectors_of_many_numbers_count(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '(sample "x" (dirichlet (foreach 5000 [j (range 5000)] 1.0)))'
    layout = compile_text(text, "wide.clj").layout
    monkeypatch.setattr(module, "BUDGET", 20_000)
    assert chunk_size(layout, 32) == 4


def peak_bytes(profiled: profile) -> int:
    """Most bytes that were allocated at once on the CPU."""
    assert profiled.profiler is not None
    events = [e for e in profiled.profiler.kineto_results.events() if e.name() == "[memory]"]
    sizes = [e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]
    return int(np.cumsum(sizes).max())


@pytest.mark.parametrize("name", ["bcmf", "boolean", "sbi/two_moons", "sudoku"])
def test_a_memory_of_so_many_bytes_is_enough(name: str, tiny: TrainingConfig) -> None:
    model = gsdmc.train(name, steps=1, preset=tiny, out=None, device="cpu")
    layout = model.problem.layout
    truth = model.problem.simulate(24, seed=0)
    mask = {name: torch.zeros(24, *slot.shape, dtype=torch.bool) for name, slot in slots(layout).items()}
    memory = 8 * BYTES * WORKING * numbers_per_row(layout, tiny.width)
    assert rows_within(memory, layout, tiny.width) == 8
    trace = Trace()
    draw(model.trained, layout, truth, mask, seed=0, steps=2)  # what is made once is made
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        draw(model.trained, layout, truth, mask, seed=0, steps=2, trace=trace, memory=memory)
    assert trace.calls == 3 * trace.evaluations // 24
    results = sum(24 * 8 * value[0].numel() for value in truth.values())
    assert memory / 20 < peak_bytes(profiled) - results < memory
    with pytest.raises(gsdmc.GsdmcError, match="no room for a sample"):
        draw(model.trained, layout, truth, mask, seed=0, memory=100)


def slots(layout: Layout) -> dict[str, ArraySlot]:
    return {slot.name: slot for slot in layout.arrays}


@pytest.mark.parametrize("reals", ["gaussian", "masked"])
def test_a_network_elsewhere_gives_the_same_samples_here(any_query: Model, reals: RealsName) -> None:
    if reals == "masked":
        config = any_query.trained.config
        config = config.with_changes(process=replace(config.process, reals=reals))
        any_query = gsdmc.train(any_query.problem, steps=1, preset=config, out=None, device="cpu")
    layout = any_query.problem.layout
    truth = any_query.problem.simulate(6, seed=0)
    mask = {name: torch.arange(6) % 2 == 0 for name in truth}
    mask = {name: seen[:, None].expand(6, 4) & (name in ("real", "category")) for name, seen in mask.items()}
    here = draw(any_query.trained, layout, truth, mask, seed=3, steps=4)
    with Elsewhere():
        moved = any_query.trained.to(FAR)
        assert moved.device == FAR
        found = draw(moved, layout, truth, mask, seed=3, steps=4)
    assert any_query.trained.device == torch.device("cpu")
    for name, value in here.items():
        assert not isinstance(found[name], Far)
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_samples(any_query: Model) -> None:
    samples = [model.sample(num_samples=4, seed=1, steps=4) for model in (any_query, any_query.to("cuda"))]
    for name, values in samples[0].items():
        rounded = 1.01 if name == "count" else 0.01  # a count may be rounded the other way
        np.testing.assert_allclose(samples[1][name], values, rtol=1e-2, atol=rounded)
