from __future__ import annotations

import numpy as np
import pytest
import torch

from gsdmc.compiler import compile_text
from gsdmc.inference import draw as module
from gsdmc.inference.draw import chunk_size, draw
from gsdmc.inference.model import Model


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
