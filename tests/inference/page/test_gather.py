from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import gsdmc
from gsdmc.inference.model import Model
from gsdmc.inference.page.example import draw_example
from gsdmc.inference.page.gather import gather


def with_metrics(model: Model, **metrics: Any) -> Model:
    return replace(model, trained=replace(model.trained, metrics={**model.metrics, **metrics}))


def test_a_calibration_that_lies_in_the_run_is_shown(bcmf: Model, tmp_path: Path) -> None:
    figures = bcmf.calibrate(4, num_draws=1, steps=1, m=1, n=1, k=1).to_json()
    assert gather(bcmf, tmp_path, problems=0, samples=0).calibration is None
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "calibration.json").write_text(json.dumps(figures))
    found = gather(bcmf, tmp_path, problems=0, samples=0).calibration
    assert found is not None
    assert found.sizes == figures["sizes"]
    elsewhere = gather(bcmf, tmp_path / "no", problems=0, samples=0, calibration=tmp_path / "calibration")
    assert elsewhere.calibration == found
    with pytest.raises(gsdmc.GsdmcError, match="can't be read"):
        gather(bcmf, tmp_path, problems=0, samples=0, calibration=tmp_path / "none")


def test_the_log_is_read_where_there_is_one(bcmf: Model, tmp_path: Path) -> None:
    assert gather(bcmf, tmp_path, problems=0, samples=0).log == []
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "loss.csv").write_text("step,loss,rate,seconds\n1,2.5,0.5,3\nbroken\n2,2,1,4\n5,")
    log = gather(bcmf, tmp_path, problems=0, samples=0).log
    assert [(r.step, r.rate) for r in log] == [(1, 0.5), (2, 1.0)]


def test_a_damaged_record_is_refused(bcmf: Model, tmp_path: Path) -> None:
    for loss in ("high", [[1]], [["a", 1.0]], [[1, None]]):
        with pytest.raises(gsdmc.GsdmcError, match=r"metrics\.json is damaged"):
            gather(with_metrics(bcmf, loss=loss), tmp_path, problems=0, samples=0)
    assert gather(with_metrics(bcmf, loss=[]), tmp_path, problems=0, samples=0).curve == []


def test_an_example_keeps_its_evidence_and_is_drawn_anew_by_seed(bcmf: Model) -> None:
    example = draw_example(bcmf.problem, bcmf.trained, 3, seed=1, steps=1)
    assert example.query == "given E"
    drawn, truth, seen = example.numbers("E")
    assert drawn.shape == (3, 5, 5)
    assert seen.all()
    assert (drawn == truth).all()
    again = draw_example(bcmf.problem, bcmf.trained, 3, seed=1, steps=1)
    other = draw_example(bcmf.problem, bcmf.trained, 3, seed=2, steps=1)
    assert torch.equal(again.samples.tensors["A"], example.samples.tensors["A"])
    assert not torch.equal(other.truth["E"], example.truth["E"])


def test_for_any_query_the_data_are_given(any_query: Model) -> None:
    example = draw_example(any_query.problem, any_query.trained, 2, seed=0, steps=1)
    assert example.query == "given sum"
    drawn, truth, seen = example.numbers("vector")
    assert drawn.shape == (2, 4, 2)
    assert truth.shape == seen.shape == (4, 2)
    assert not seen.any()
