from __future__ import annotations

from dataclasses import replace

from gsdmc.inference.evaluation_tables import tables
from gsdmc.inference.model import Model
from gsdmc.inference.recovery import Recovery


def test_scores_and_checks_each_have_a_table(bcmf: Model) -> None:
    evaluation = bcmf.evaluate(2, steps=1)
    scores, checks = tables(evaluation)
    assert scores.header == ("Score", "Network", "Restored", "Prior")
    assert [row[0] for row in scores.rows] == [score.name for score in evaluation.scores]
    assert checks.header == ("Self-consistency", "Network", "Restored")
    assert [row[0] for row in checks.rows] == [
        "C: residual (RMS)",
        "E: residual (RMS)",
        "samples in which all holds",
    ]
    assert all(len(row) == len(t.header) for t in (scores, checks) for row in t.rows)


def test_only_what_there_is(bcmf: Model) -> None:
    plain = replace(bcmf.evaluate(2, steps=1), scores=())
    assert [t.header[0] for t in tables(plain)] == ["Self-consistency"]
    found = replace(plain, recovery={"x": Recovery((0.5, 1.0), (0.25, 1.0), None)})
    assert tables(found)[-1].rows == [
        ("x: elements right", "50 %", "100 %"),
        ("x: samples all right", "25 %", "100 %"),
    ]
