from __future__ import annotations

import json

import numpy as np
import pytest

import gsdmc
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference.model import Model
from gsdmc.inference.refinement.refine import Refinement
from gsdmc.training.config import TrainingConfig


@pytest.fixture(scope="module")
def sudoku(tiny: TrainingConfig) -> Model:
    return gsdmc.train("sudoku", n=2, steps=2, preset=tiny, out=None)


def factored(model: Model) -> np.ndarray:
    """An E that no float32 holds."""
    a = np.random.default_rng(0).uniform(0.1, 0.9, (5, 3))
    r = np.array([[1, 0, 1, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]])
    return np.asarray(a @ r)


def test_polished_samples_hold_the_evidence_in_double_precision(bcmf: Model) -> None:
    e = factored(bcmf)
    samples = bcmf.sample({"E": e}, num_samples=6, steps=2, polish=True)
    polish, raw = samples.report.polish, samples.network
    assert polish is not None
    assert polish.residuals == 25
    assert {samples[n].dtype for n in ("A", "C", "E")} == {np.dtype(np.float64)}
    assert raw["A"].dtype == np.float32
    np.testing.assert_array_equal(samples["E"], np.broadcast_to(e, (6, 5, 5)))
    np.testing.assert_array_equal(samples["R"], raw["R"])
    assert ((samples["A"] >= 0) & (samples["A"] <= 1)).all()
    errors = np.abs(samples["A"] @ samples["R"] - e).max((1, 2))
    assert (errors[polish.solved] < 1e-7).all()
    assert (errors[~polish.solved] > 1e-9).all()
    assert (polish.after <= polish.before).all()
    np.testing.assert_allclose(samples.residuals["E"], samples["A"] @ samples["R"] - e, atol=1e-12)
    assert samples.valid.tolist() == (np.abs(samples.residuals["E"]).max((1, 2)) < 1e-4).tolist()
    again = bcmf.sample({"E": e}, num_samples=6, steps=2, polish=True)
    np.testing.assert_array_equal(samples["A"], again["A"])


def test_repair_and_polish_together_leave_no_sample_worse(bcmf: Model) -> None:
    e = factored(bcmf)
    alone, both = (bcmf.sample({"E": e}, num_samples=6, steps=2, polish=True, repair=n) for n in (0, 4))
    assert both.report.repair is not None
    assert both.report.repair.unsolved == tuple(np.flatnonzero(~both.valid))
    before, after = (sum(s.violations.values()) for s in (alone, both))
    assert (after <= before).all()
    np.testing.assert_array_equal(both["E"], np.broadcast_to(e, (6, 5, 5)))
    for name, value in alone.network.items():
        np.testing.assert_array_equal(both.network[name], value)


def test_repair_reports_what_it_did_and_keeps_evidence(sudoku: Model) -> None:
    puzzle = np.full((2, 2, 2, 2), np.nan)
    puzzle[0, 0] = [[0, 1], [2, 3]]
    samples = sudoku.sample({"cell": puzzle}, num_samples=16, steps=2, repair=15)
    found = samples.report.repair
    assert found is not None
    assert found.invalid == (~samples.network.valid).sum() > 0
    broken = [sum(s.violations.values()) for s in (samples.network, samples)]
    assert (broken[1] <= broken[0]).all()
    assert sum(broken[1]) < sum(broken[0])  # hardly trained, the network solves few
    assert found.unsolved == tuple(np.flatnonzero(~samples.valid))
    assert (samples["cell"][:, 0, 0] == puzzle[0, 0]).all()
    assert (samples.network["cell"][samples.network.valid] == samples["cell"][samples.network.valid]).all()
    text = str(samples.report)
    assert f"repair: {found.invalid} of 16 samples broke a relation" in text
    again = sudoku.sample({"cell": puzzle}, num_samples=16, steps=2, repair=15)
    np.testing.assert_array_equal(samples["cell"], again["cell"])
    json.dumps(samples.report.to_json(), allow_nan=False)


def test_what_is_drawn_again_is_counted(sudoku: Model) -> None:
    alone, repaired = Trace(), Trace()
    sudoku.sample(num_samples=16, steps=2, trace=alone)
    samples = sudoku.sample(num_samples=16, steps=2, repair=3, trace=repaired)
    assert samples.report.repair is not None
    redrawn = sum(r.tried for r in samples.report.repair.rounds)
    assert redrawn > 0
    assert (alone.samples, alone.redraws) == (16, 0)
    assert (repaired.samples, repaired.redraws) == (16, redrawn)
    assert alone.calls < repaired.calls <= alone.calls + 3 * 2
    assert alone.evaluations < repaired.evaluations <= alone.evaluations + 2 * redrawn
    assert repaired.per_sample > alone.per_sample


def test_an_evaluation_counts_what_it_draws_again(sudoku: Model) -> None:
    trace = Trace()
    found = sudoku.evaluate(8, steps=2, repair=2, trace=trace)
    assert found.report is not None
    assert found.report.repair is not None
    assert trace.redraws == sum(r.tried for r in found.report.repair.rounds) > 0
    assert trace.samples == 8


def test_restoration_says_what_it_changed(bcmf: Model) -> None:
    samples = bcmf.sample({"E": factored(bcmf)}, num_samples=2, steps=2)
    assert samples.report.restore is not None
    changed = samples.report.restore.arrays["C"]
    assert changed.elements == 2 * 75
    assert changed.rms == pytest.approx(np.sqrt(np.square(samples["C"] - samples.network["C"]).mean()))
    assert list(samples.report.restore.arrays) == ["C"]  # E is evidence
    untouched = bcmf.sample({"E": factored(bcmf)}, num_samples=2, steps=2, restore=False)
    assert str(untouched.report) == "the network's own values"
    assert untouched.restored().report.restore == samples.report.restore
    np.testing.assert_array_equal(untouched.restored().network["C"], samples.network["C"])


def test_repair_and_polish_need_restoration(bcmf: Model) -> None:
    for wrong in ({"repair": 1}, {"polish": True}):
        with pytest.raises(gsdmc.GsdmcError, match="but restore is off"):
            bcmf.sample({"E": factored(bcmf)}, restore=False, **wrong)
    with pytest.raises(gsdmc.GsdmcError, match="0 or more, not -1"):
        Refinement(repair=-1)


def test_evaluations_set_refined_figures_beside_the_others(bcmf: Model, sudoku: Model) -> None:
    plain, e = bcmf.evaluate(4, steps=2), bcmf.evaluate(4, steps=2, polish=True)
    assert (e.raw, e.restored, e.recovery) == (plain.raw, plain.restored, plain.recovery)
    assert plain.refined is None
    assert e.refined is not None
    assert e.refined.dirac["E"].rms < e.restored.dirac["E"].rms
    assert e.scores[0].refined is not None
    assert e.scores[0].refined < e.scores[0].restored
    assert (len(plain.valid), len(e.valid)) == (2, 3)
    assert "report" not in plain.to_json()
    assert json.loads(json.dumps(e.to_json(), allow_nan=False))["report"]["polish"]["residuals"] == 25
    repaired = sudoku.evaluate(16, steps=1, repair=8)  # every problem gives other cells
    assert repaired.valid[2] >= repaired.valid[1] == repaired.valid[0]
    assert repaired.refined is not None
    assert repaired.refined.factors["row"].instances > repaired.restored.factors["row"].instances
    assert repaired.report is not None
    assert repaired.report.repair is not None
    assert repaired.valid[2] == 1 - len(repaired.report.repair.unsolved) / 16
