from __future__ import annotations

import json

import numpy as np
import torch

import gsdmc
from gsdmc.inference.refinement.report import (
    Polish,
    Recomputed,
    Repair,
    Report,
    Restoration,
    Round,
    restoration,
)
from gsdmc.language.source import GsdmcWarning


def polish(*solved: bool) -> Polish:
    figures = np.linspace(0.1, 0.3, len(solved))
    return Polish(25, figures, figures / 10, np.full(len(solved), 4), np.array(solved), {"A": 0.25})


def test_texts_say_what_was_done_and_what_was_not() -> None:
    repair = Repair(5, 3, (Round(3, 2, 1), Round(2, 0, 0)), (1, 4), {"row": 2, "box": 1}, (4,))
    restored = Restoration({"C": Recomputed(10, 0.5, 0.125), "y": Recomputed(4, 0.25, None)})
    text = str(Report(restored, repair, polish(True, False, True), (GsdmcWarning("it is odd"),)))
    assert text.splitlines() == [
        "warning: it is odd",
        "restore: recomputed from their parents: C changed by 0.125 (root mean square), "
        "y changed 25.0% of elements",
        "repair: 3 of 5 samples broke a relation of the program",
        "  round 1: 3 drawn again, 2 broke less, 1 of these nothing",
        "  round 2: 2 drawn again, 0 broke less, 0 of these nothing",
        "  unsolved: 2 samples (1, 4); still broken: row in 2, box in 1",
        "  only evidence is behind what is broken in 1 sample (4)",
        "polish: 2 of 3 samples solved for the evidence in at most 4 iterations; "
        "largest relative residual, median over samples: 0.2 before, 0.02 after",
        "  moved (root mean square): A by 0.25",
        "  unsolved: 1 sample (1), largest relative residual 0.02",
    ]


def test_long_lists_are_cut() -> None:
    assert "unsolved: 12 samples (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...)" in str(polish(*[False] * 12))


def test_nothing_to_do() -> None:
    none = np.zeros(0)
    empty = Polish(0, none, none, none.astype(np.int64), none > 0, {})
    assert str(Report(Restoration({}), Repair(1, 0, (), (), {}, ()), empty)).splitlines() == [
        "restore: nothing to recompute",
        "repair: nothing to do, 1 of 1 sample satisfy the program",
        "polish: nothing to do, no real variable that the program computes is given",
    ]


def test_json_has_what_was_done() -> None:
    report = Report(Restoration({}), None, polish(True), (GsdmcWarning("it is odd", hint="look"),))
    plain = json.loads(json.dumps(report.to_json()))
    assert list(plain) == ["warnings", "restore", "polish"]
    assert plain["polish"]["solved"] == [True]
    assert plain["warnings"] == [{"message": "it is odd", "hint": "look"}]


def test_changes_are_counted_where_there_is_no_evidence() -> None:
    problem = gsdmc.compile("boolean", n=2)
    values = problem.simulate(3, seed=0)
    wrong = {**values, "y": values["y"].clone()}
    wrong["y"][0, 1] ^= True
    wrong["y"][1, 2] ^= True
    mask = {n: torch.zeros(v.shape, dtype=torch.bool) for n, v in values.items()}
    mask["y"][:, 2] = True
    found = restoration(problem, wrong, values, mask)
    assert found.arrays == {"y": Recomputed(6, 1 / 6, None)}
