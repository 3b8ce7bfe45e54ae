from __future__ import annotations

import pytest
import torch

import gsdmc
from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.refinement import equations as module
from gsdmc.inference.refinement.equations import Equations, equations

VECTORS = """
(let [w (sample "w" (dirichlet [1.0 1.0 1.0]))
      x (sample "x" (multivariate-normal [0.0 0.0] [[1.0 0.0] [0.0 1.0]]))
      s (sample "s" (exponential 1))
      u (sample "u" (uniform 0 s))]
  (sample "y" (dirac [(* u (get w 0)) (get x 1)])))
"""


def given(problem: Problem, *names: str) -> Equations:
    mask = {a.name: torch.full(a.shape, a.name in names) for a in problem.graph.arrays}
    return equations(problem, mask)


def test_unknowns_are_the_continuous_variables_behind_the_evidence() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=3, k=2)
    both = given(problem, "E")
    assert [(p.name, len(p.places)) for p in both.unknowns] == [("A", 4)]  # R is discrete
    assert [(p.name, len(p.places)) for p in both.residuals] == [("E", 6)]
    assert both.pattern.toarray().sum(1).tolist() == [2] * 6
    known = given(problem, "E", "A")
    assert (known.pattern.shape, known.unknowns) == ((6, 0), ())
    assert given(problem, "R").pattern.shape == (0, 0)
    assert given(gsdmc.compile("sorting", n=3), "s").unknowns[0].name == "u"  # P is generated


def test_channels_are_numbers_of_their_own() -> None:
    problem = compile_text(VECTORS, "vectors.clj")
    system = given(problem, "y")
    assert [(p.name, p.places.tolist()) for p in system.unknowns] == [
        ("w", [0, 1, 2]),
        ("x", [0, 1]),
        ("u", [0]),
    ]
    assert system.pattern.toarray().all()  # a vector is one node
    assert system.supports.simplices.tolist() == [0, 0, 0, -1, -1, -1]
    assert system.supports.low.isfinite().tolist() == [True] * 3 + [False] * 3
    assert system.has_moving_supports
    values = problem.simulate(4, 0, torch.float64)
    moved = system.written(values, system.read(values) + 1)
    torch.testing.assert_close(moved["x"], values["x"] + 1)
    assert torch.equal(moved["y"], values["y"])
    residual, _ = system.verified(moved)
    expected = torch.stack([(values["u"] + 1) * (values["w"][:, 0] + 1), values["x"][:, 1] + 1], 1)
    torch.testing.assert_close(residual, expected - values["y"])


def test_tolerances_go_by_the_precision_of_what_is_given() -> None:
    problem = gsdmc.compile("bcmf", m=1, n=2, k=1)
    system = given(problem, "E")
    values = problem.simulate(2, 0, torch.float64)
    values["E"][1] = values["E"][1].float().double()
    assert system.tolerances(values).reshape(2, 2).tolist() == [[1e-8] * 2, [5e-7] * 2]


def test_too_many_dependences_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    with pytest.raises(gsdmc.GsdmcError, match="in more than 10 ways"):
        given(gsdmc.compile("bcmf"), "E")
