from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.evidence.agreement import determined_nodes
from gsdmc.inference.evidence.bind import bind_evidence

CIRCUIT = """
(let [a (sample "a" (bernoulli 0.5))
      b (sample "b" (bernoulli 0.5))
      both (sample "both" (dirac (and a b)))]
  (sample "v" (dirac [(if both 1.0 2.0) 3.0])))
"""
DIVIDED = """
(let [k (sample "k" (uniform-discrete 1 5)) x (sample "x" (normal 0 1))
      m (sample "m" (dirac (mod 7 k)))]
  (sample "y" (dirac (* 2.0 x))))
"""


def refusal(problem: Problem, evidence: dict[str, Any]) -> gsdmc.GsdmcError:
    with pytest.raises(gsdmc.GsdmcError) as caught:
        bind_evidence(problem, evidence)
    return caught.value


def test_a_computed_value_that_the_rest_contradicts_is_refused_with_its_place() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    a, r = np.array([[0.5], [0.25]]), np.array([[1, 1]])
    e = a @ r
    bind_evidence(problem, {"A": a, "R": r, "E": e})
    e[1, 0] = 0.75
    error = refusal(problem, {"A": a, "R": r, "E": e})
    assert error.message == (
        'evidence "E" at [1, 0] is 0.75, but the program makes it 0.25 of the other evidence'
    )
    assert error.span is not None
    assert "leave out E" in (error.hint or "")
    assert "strict=False" in (error.hint or "")
    e[:] += 1
    assert "(and 3 more)" in refusal(problem, {"A": a, "R": r, "E": e}).message


def test_what_is_not_settled_is_no_contradiction() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    bind_evidence(problem, {"A": [[0.5], [np.nan]], "E": [[9, 9], [9, 9]]})
    partly = {"A": [[0.5], [np.nan]], "R": [[1, 1]], "E": [[0.5, 0.5], [9, 9]]}
    bind_evidence(problem, partly)
    assert "at [0, 1] is 2, but" in refusal(problem, {**partly, "E": [[0.5, 2], [9, 9]]}).message


def test_booleans_and_vectors() -> None:
    problem = compile_text(CIRCUIT, "circuit.clj")
    error = refusal(problem, {"a": True, "b": True, "both": False})
    assert error.message == 'evidence "both" is false, but the program makes it true of the other evidence'
    error = refusal(problem, {"a": True, "b": True, "v": [2.0, 3.0]})
    assert '"v" is [2, 3], but the program makes it [1, 3]' in error.message
    bind_evidence(problem, {"a": True, "b": True, "v": [1.0, 3.0]})
    bind_evidence(problem, {"both": False, "v": [2.0, 3.0]})


def test_rounding_is_no_contradiction_however_much_it_is_amplified() -> None:
    problem = gsdmc.compile("inversion", n=4)
    a = np.vander([1.0, 1.01, 1.02, 1.03]).astype(np.float32)
    r = np.linalg.inv(a.astype(float)).astype(np.float32)
    assert np.abs(a.astype(float) @ r - np.eye(4)).max() > 1e-3
    bind_evidence(problem, {"A": a, "R": r, "E": np.eye(4)})
    refusal(problem, {"A": a, "R": r, "E": np.eye(4) + 1e3})


def test_unknown_values_play_no_part() -> None:
    problem = compile_text(DIVIDED, "divided.clj")
    bind_evidence(problem, {"x": 1.0, "y": 2.0})  # k is unknown, and 0 would have no remainder
    assert "but the program makes it 2" in refusal(problem, {"x": 1.0, "y": 2.1}).message
    assert "makes it 1 of" in refusal(problem, {"k": 3, "m": 2}).message


def test_leave_to_contradict_warns() -> None:
    problem = compile_text(CIRCUIT, "circuit.clj")
    bound = bind_evidence(problem, {"a": True, "b": True, "both": False}, strict=False)
    (warning,) = bound.warnings
    assert "but the program makes it true" in warning.message
    assert warning.span is not None
    assert bound.values["both"].item() is False


def test_generated_values_are_never_settled() -> None:
    problem = gsdmc.compile("sorting", n=3)
    everything = {a.name: torch.ones(a.shape, dtype=torch.bool) for a in problem.graph.arrays}
    settled = determined_nodes(problem, everything)
    p = problem.graph.by_name["P"]
    assert not settled[p.offset : p.offset + p.size].any()
    assert settled.any()
