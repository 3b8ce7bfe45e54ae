"""Forced plate classes: what is sound, what is not, and where the program says so."""

from __future__ import annotations

import pytest

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.forced import ALL, CLASSES, force_classes, offending, read_embedding
from gsdmc.language.source import GsdmcError

MIXED = """(def n 4)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [j (range n)] (sample "y" (normal (* 0.5 (get x j)) 1)))
  (foreach 3 [k (range 3)] (sample "z" (normal (* k 2) 1)))
  (foreach 3 [t (range 3)] (sample "w" (normal (if (< t 2) 0 5) 1)))
  (foreach 3 [e (range 3)] (sample "v" (normal 0 1))))"""


def mixed() -> Problem:
    return compile_text(MIXED, "mixed.clj")


def forced(problem: Problem, **embedding: str) -> FactorGraph:
    return force_classes(problem.graph, problem.tape, embedding)


def classes(graph: FactorGraph) -> dict[str, str]:
    return {p.name: p.cls for p in graph.plates}


def test_what_an_embedding_is() -> None:
    assert read_embedding("array") == (ALL, "array")
    assert read_embedding("i=independent") == ("i", "independent")
    for text, hint in [("i=aray", "`array`"), ("", "write exch"), ("=array", "write exch"), ("i=", "write")]:
        with pytest.raises(GsdmcError, match="there is no embedding") as caught:
            read_embedding(text)
        assert hint in (caught.value.hint or "")


def test_more_distinction_than_derived_is_sound_and_the_reason_says_both() -> None:
    problem = mixed()
    derived = classes(problem.graph)
    assert derived == {"i": "exchangeable", "k": "fixed", "t": "ordered", "e": "exchangeable"}
    graph = forced(problem, i="array", t="independent")
    assert classes(graph) == derived | {"i": "ordered", "t": "fixed"}
    reason = graph.plate_by_name["i"].reason
    assert reason.startswith("forced by --embedding; derived exchangeable: its index is used for nothing")
    assert graph.plate_by_name["t"].reason.startswith("forced by --embedding; derived ordered: ")
    assert classes(forced(problem, **{ALL: "independent"})) == dict.fromkeys(derived, "fixed")


def test_what_is_derived_anyway_is_not_forced() -> None:
    problem = mixed()
    assert forced(problem) is problem.graph
    assert forced(problem, i="exchangeable", t="array", k="independent").plates == problem.graph.plates


def test_a_plate_by_name_goes_before_all_plates() -> None:
    graph = forced(mixed(), **{ALL: "array", "k": "independent", "e": "exchangeable"})
    assert classes(graph) == {"i": "ordered", "k": "fixed", "t": "ordered", "e": "exchangeable"}


@pytest.mark.parametrize(
    ("embedding", "says", "place"),
    [
        (
            {"t": "exchangeable"},
            "t can't have the embedding `exchangeable`: an `if` compares",
            "(< t 2)",
        ),
        ({"k": "exchangeable"}, "plate k can't have the embedding `exchangeable`: its index", "(* k 2)"),
        ({"k": "array"}, "plate k can't have the embedding `array`: its index enters", "(* k 2)"),
        ({ALL: "exchangeable"}, "plate k can't", "(* k 2)"),
        ({ALL: "array"}, "plate k can't", "(* k 2)"),
    ],
)
def test_less_distinction_is_refused_where_the_program_forbids_it(
    embedding: dict[str, str], says: str, place: str
) -> None:
    with pytest.raises(GsdmcError) as caught:
        forced(mixed(), **embedding)
    assert says in caught.value.message
    assert caught.value.span is not None
    assert place in caught.value.span.text
    assert "sound for it" in (caught.value.hint or "")


def test_unknown_plates_suggest_the_nearest() -> None:
    with pytest.raises(GsdmcError, match="no plate `band2`") as caught:
        forced(compile_problem("sudoku", n=2), band2="array")
    assert caught.value.hint == "did you mean `band`?"
    with pytest.raises(GsdmcError, match="no plate `q`") as caught:
        forced(mixed(), q="array")
    assert caught.value.hint == "its plates are i, k, t, e"
    with pytest.raises(GsdmcError, match="no plate `q`") as caught:
        forced(compile_text('(sample "x" (normal 0 1))', "one.clj"), q="array")
    assert caught.value.hint == "it has no plates"


@pytest.mark.parametrize("name", ["bcmf", "hbmf", "sorting", "sudoku", "boolean", "inversion"])
def test_every_plate_that_is_not_exchangeable_has_the_expression_that_made_it_so(name: str) -> None:
    problem = compile_problem(name)
    found = offending(problem.tape)
    for plate in problem.graph.plates:
        assert (plate.name in found) == (plate.cls != "exchangeable")
        if plate.name in found:
            assert plate.reason.startswith(found[plate.name].reason)
    assert set(CLASSES) == {"exchangeable", "array", "independent"}
