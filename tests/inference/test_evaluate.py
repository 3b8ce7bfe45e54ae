from __future__ import annotations

import json

import pytest

import gsdmc
from gsdmc.inference.model import Model
from gsdmc.training.config import TrainingConfig


def test_an_evaluation_is_a_function_of_its_seed(bcmf: Model) -> None:
    first, again, other = (bcmf.evaluate(4, seed=seed, steps=2) for seed in (0, 0, 1))
    assert first == again
    assert first.scores != other.scores


def test_raw_and_restored_figures_stand_apart(bcmf: Model) -> None:
    e = bcmf.evaluate(4, steps=2)
    assert e.raw.dirac["C"].rms > 0.01
    assert e.restored.dirac["C"].rms == 0
    assert e.scores[0].raw == pytest.approx(e.restored.dirac["E"].rms, rel=1e-4)  # A R against the E given
    assert e.recovery == {}
    assert (e.problems, e.query, e.steps) == (4, "with E given", 2)


def test_other_sizes(bcmf: Model) -> None:
    assert bcmf.evaluate(2, steps=1, m=3, n=2).sizes == {"m": 3, "n": 2, "k": 3}


@pytest.mark.parametrize("program", ["sudoku", "sorting", "boolean", "inversion", "hbmf"])
def test_every_bundled_program_evaluates_to_json(program: str, tiny: TrainingConfig) -> None:
    model = gsdmc.train(program, steps=1, preset=tiny, out=None)
    report = json.loads(json.dumps(model.evaluate(2, steps=1).to_json(), allow_nan=False))
    assert report["program"] == program
    assert report["scores"][0].keys() >= {"name", "raw", "restored"}
    assert bool(report["recovery"]) is (program in ("sorting", "boolean"))


def test_programs_of_ones_own_get_the_generic_part(any_query: Model) -> None:
    e = any_query.evaluate(3, steps=1)
    assert e.scores == ()
    assert e.query == "for any query"
    assert set(e.raw.dirac) == {"sum"}
