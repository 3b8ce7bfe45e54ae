"""Dependences: what a value was computed from, against what it reacts to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from torch import Tensor

from gsdmc.compiler import bundled, compile_problem
from gsdmc.graph.dependence import Dependences, Reference, node_numbers, variable
from gsdmc.graph.factor_graph import Argument, FactorGraph
from gsdmc.graph.trace import trace
from gsdmc.language import parse
from gsdmc.language.source import GsdmcError
from gsdmc.program.evaluator import evaluate
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import Replay, run
from gsdmc.program.tape import Draw, Tape
from tests.program.random_programs import programs
from tests.program.readings_compared import outcome
from tests.program.test_plated import SMALL


class Arguments(Replay):
    """A reading that notes every draw's arguments at given values."""

    def __init__(self, values: dict[str, Tensor]) -> None:
        super().__init__(values, torch.float64)
        self.seen: dict[Draw, list[Tensor]] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The given values."""
        given = self.values[draw.array][draw.region]
        lead = given.shape[: given.dim() - len(draw.kind.event_shape)]
        self.seen[draw] = [a.double().expand(*lead, *a.shape[len(lead) :]) for a in arguments]
        return given


def moved(graph: FactorGraph, values: dict[str, Tensor], node: int) -> dict[str, Tensor]:
    """The same joint values with another one at a node."""
    array = graph.arrays[int(graph.array_of_node[node])]
    flat = values[array.name].clone().reshape(1, array.size, *array.kind.event_shape)
    place = node - array.offset
    if array.kind.name == "boolean":
        flat[0, place] = ~flat[0, place]
    elif array.kind.name == "category":
        flat[0, place] = (flat[0, place] + 1) % array.kind.options
    else:
        flat[0, place] += 1 if array.kind.name == "count" else 1.37
    return {**values, array.name: flat.reshape(values[array.name].shape)}


def reactions(tape: Tape, graph: FactorGraph, seeds: int = 1) -> set[tuple[int, int]]:
    """Pairs (parent, child) in which the child's arguments change when the parent's value does."""
    interpreter = Interpreter(tape)
    found = set()
    for seed in range(seeds):
        values = run(interpreter, 1, seed, torch.float64)
        before = Arguments(values)
        interpreter.run(before)
        for node in range(graph.nodes):
            after = Arguments(moved(graph, values, node))
            interpreter.run(after)
            for draw, arguments in before.seen.items():
                array = graph.by_name[draw.array]
                numbers = np.arange(array.offset, array.offset + array.size).reshape(1, *array.shape)
                children = numbers[draw.region]
                if not children.size:
                    continue
                for one, other in zip(arguments, after.seen[draw], strict=True):
                    changed = ~torch.isclose(one, other, rtol=0, atol=0, equal_nan=True)
                    changed = changed.reshape(*children.shape, -1).any(-1)
                    found |= {(node, int(child)) for child in children[changed.numpy()]}
    return found


def edges(graph: FactorGraph) -> set[tuple[int, int]]:
    """Every (parent, child) of the graph's arguments."""
    pairs = set()
    for relation in graph.relations:
        if isinstance(relation, Argument):
            pairs |= set(zip(relation.parents.tolist(), relation.children.tolist(), strict=True))
    return pairs


@pytest.mark.parametrize("name", bundled())
def test_bundled_programs_react_along_edges_alone(name: str) -> None:
    tape = evaluate(compile_problem(name).syntax, SMALL.get(name, {}))
    graph = trace(tape)
    found = reactions(tape, graph)
    if name not in ("sorting", "sudoku"):  # whose arrays are generated, which no edge shows
        assert found <= edges(graph)
    if name in ("inversion",):
        assert found == edges(graph)


@settings(max_examples=20)
@given(programs())
def test_random_programs_react_along_edges_alone(text: str) -> None:
    tape = outcome(text, plated=True)
    assume(not isinstance(tape, GsdmcError) and "untracked" not in text)
    assert not isinstance(tape, GsdmcError)
    try:
        graph = trace(tape)
        assume(graph.nodes <= 30)
        found = reactions(tape, graph)
    except GsdmcError:
        assume(False)
        return
    assert found <= edges(graph)


def references(text: str, array: str) -> tuple[Reference, ...]:
    """What the draw of an array refers to."""
    tape = evaluate(parse(text))
    draw = next(d for d in tape.draws if d.array == array)
    finder = Dependences()
    return tuple(r for value in draw.inputs for r in finder.of(value))


def test_an_inlined_value_adds_no_reference_of_its_own() -> None:
    text = '(let [x (sample "x" (normal 0 1)) y (+ x 1)] (sample "z" (normal (* y y) 1)))'
    assert [r.array for r in references(text, "z")] == ["x"]


def test_untracked_values_refer_to_nothing() -> None:
    text = '(let [x (sample "x" (normal 0 1))] (sample "z" (normal (untracked x) 1)))'
    assert references(text, "z") == ()


def test_a_random_index_refers_to_itself_and_every_element() -> None:
    text = """
(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))
      z (sample "z" (categorical [0.2 0.3 0.5]))]
  (sample "y" (normal (get x z) 1)))"""
    found = references(text, "y")
    assert [r.array for r in found] == ["x", "z"]
    assert [a.size for a in found[0].axes] == [3]


def test_a_folded_stack_refers_to_each_of_its_parts_once() -> None:
    text = """
(let [x (foreach 20 [i (range 20)] (sample "x" (normal 0 1)))
      y (foreach 20 [i (range 20)] (if (< i 1) (get x 1) (get x (- i 1))))]
  (sample "s" (normal (sum y) 1)))"""
    found = references(text, "s")
    assert len(found) == 19  # x[1] is two of them
    assert all(not r.axes for r in found)


def test_parts_that_one_index_never_reaches_are_not_referred_to() -> None:
    text = """
(let [x (foreach 3 [i (range 3)] (foreach 3 [j (range 3)] (sample (str "x" i j) (normal 0 1))))]
  (foreach 3 [q (range 3)] (sample "y" (normal (get (get x q) q) 1)))
  (sample "z" (normal (sum (foreach 2 [q (range 2)] (get (get x q) (+ q 1)))) 1)))"""
    assert [r.array for r in references(text, "y")] == ["x00", "x11", "x22"]
    assert [r.array for r in references(text, "z")] == ["x01", "x12"]


def test_node_numbers_are_row_major() -> None:
    text = '(foreach 2 [i (range 2)] (foreach 3 [j (range 3)] (sample "x" (normal 0 1))))'
    (draw,) = evaluate(parse(text)).draws
    numbers, holds = node_numbers(variable(draw), (2, 3), 10, draw.dims)
    assert holds is None
    assert np.array_equal(numbers, [[10, 11, 12], [13, 14, 15]])
