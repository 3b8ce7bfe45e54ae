"""Compile-time options: what they take, how they combine, and that they stay with a problem."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.compiler import CompileOptions, compile_problem, compile_text, compile_with, write_problem
from gsdmc.graph.chosen_mask import MaskChoice
from gsdmc.language.limits import Limits
from gsdmc.language.source import GsdmcError

NAMES = st.text("ARE xyz-0", min_size=1).map(str.strip).filter(bool)
QUERIES = st.builds(
    lambda names, subset: ("subset:" if subset else "") + ",".join(names),
    st.lists(NAMES, min_size=1, unique=True),
    st.booleans(),
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "given": st.lists(QUERIES, unique=True),
        "embedding": st.dictionaries(
            st.sampled_from("ijk"), st.sampled_from(["exchangeable", "array", "independent"])
        ),
        "mask": st.sampled_from(["program", "dense", "random:3", "random:3:4"]),
        "intermediates": st.booleans(),
        "limits": st.dictionaries(st.sampled_from(["nodes", "edges", "nesting"]), st.integers(1, 10_000)),
    },
)


@given(CHANGES)
def test_options_survive_json(changes: dict[str, Any]) -> None:
    options = CompileOptions().changed(**changes)
    assert CompileOptions.from_json(options.to_json()) == options
    assert CompileOptions().changed(**options.to_json()) == options


@given(CHANGES, CHANGES)
def test_later_choices_replace_earlier_ones_and_leave_the_others(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    both = CompileOptions().changed(**first).changed(**second)
    merged = first | second
    merged["limits"] = first.get("limits", {}) | second.get("limits", {})
    assert both == CompileOptions().changed(**merged)


def test_ways_to_say_what_is_given() -> None:
    def chosen(given: object) -> tuple[str, ...] | None:
        return CompileOptions(given=("Q",)).changed(given=given).given  # type: ignore[arg-type]

    assert chosen(None) == ("Q",)
    assert chosen("E") == chosen(["E"]) == chosen(("E", "E")) == ("E",)
    assert chosen([]) == chosen("any") == chosen(["any"]) == ()
    assert chosen("program") is None
    assert chosen(["A,E", "subset:R"]) == ("A,E", "subset:R")
    both = CompileOptions(given=("A, E", "subset:R,C")).givens
    assert both is not None
    assert [(g.targets, g.subset) for g in both] == [(("A", "E"), ()), ((), ("R", "C"))]


def test_ways_to_say_an_embedding() -> None:
    def chosen(embedding: Any) -> dict[str, str]:
        return dict(CompileOptions(embedding=(("z", "array"),)).changed(embedding=embedding).embedding)

    assert chosen(None) == {"z": "array"}
    assert chosen("array") == chosen(["array"]) == {"": "array"}
    assert chosen({"i": "array"}) == chosen("i=array") == {"i": "array"}
    assert chosen(["independent", "i=array"]) == {"": "independent", "i": "array"}
    assert chosen([]) == chosen("derived") == chosen({}) == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"given": ["any", "E"]}, "`any` stands for all queries"),
        ({"given": ["E", "program"]}, "`program` stands for all queries"),
        ({"given": ""}, "names no array"),
        ({"given": "subset:"}, "names no array"),
        ({"given": "A,,E"}, "names no array"),
        ({"given": "A,A"}, "stands in this query twice"),
        ({"embedding": "aray"}, "no embedding `aray`"),
        ({"embedding": ["array", "independent"]}, "all plates have two embeddings"),
        ({"embedding": ["i=array", "i=independent"]}, "the plate i has two embeddings"),
        ({"embedding": ["derived", "array"]}, "no embedding `derived`"),
        ({"mask": "foo"}, "no mask `foo`"),
        ({"mask": "dense", "symmetrise": False}, "the mask dense has no arrows"),
        ({"mask": "random:3", "symmetrise": False}, "the mask random:3 has no arrows"),
        ({"limits": {"node": 3}}, "no limit `node`"),
        ({"limits": 3}, "`limits` is a mapping from limits to numbers, not 3"),
        ({"given": 3}, "`given` is a text or a list of texts, not 3"),
        ({"given": ["E", 3]}, "`given` is a text or a list of texts"),
        ({"embedding": {"i": 3}}, "`embedding` is a text, a list of texts, or a mapping"),
        ({"mask": 20}, "`mask` is a text, not 20"),
        ({"symmetrise": "no"}, "`symmetrise` is True or False, not 'no'"),
    ],
)
def test_choices_that_can_not_be(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(GsdmcError, match=says):
        CompileOptions().changed(**changes)


@pytest.mark.parametrize(
    "plain",
    [
        None, [], {"masks": "dense"}, {"mask": 3}, {"mask": "foo"}, {"given": 3}, {"given": [3]},
        {"given": [""]}, {"embedding": {"i": 3}}, {"symmetrise": 0}, {"intermediates": "no"},
        {"limits": []}, {"limits": {"nodes": "9"}}, {"limits": {"nesting": 10**9}},
        {"mask": "dense", "symmetrise": False},
    ],
)  # fmt: skip
def test_json_that_holds_no_options(plain: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        CompileOptions.from_json(plain)


def test_names_are_checked_like_the_programs_own() -> None:
    with pytest.raises(GsdmcError, match='samples no "cel"') as caught:
        compile_problem("sudoku", given="subset:cel")
    assert caught.value.hint == "did you mean `cell`?"
    assert str(caught.value.span) == "--given:1:1"
    with pytest.raises(GsdmcError, match="no plate `q`"):
        compile_problem("bcmf", embedding={"q": "array"})


def test_given_takes_the_place_of_the_programs() -> None:
    def targets(given: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(g.targets, g.subset) for g in compile_problem("bcmf", given=given).givens]

    assert targets(None) == targets("program") == [(("E",), ())]
    assert targets(["A", "subset:R,C"]) == [(("A",), ()), ((), ("R", "C"))]
    assert targets([]) == []


def test_options_go_with_the_problem_to_other_sizes() -> None:
    problem = compile_problem("bcmf", given="A", mask="random:2", embedding="array", limits={"edges": 10_000})
    other = problem.resized(m=3, k=2)
    assert other.options == problem.options
    assert other.givens == problem.givens
    assert {p.cls for p in other.graph.plates} == {"ordered"}
    assert np.diff(other.mask.indptr).tolist() == [3] * other.graph.nodes
    assert problem.resized(k=2, m=3) is other


CHOICES: list[dict[str, Any]] = [
    {"given": ["subset:u,s"]},
    {"given": []},
    {"embedding": "independent"},
    {"embedding": {"j": "array"}},
    {"mask": "random:4:9"},
    {"mask": "dense"},
    {"symmetrise": False},
    {"intermediates": False, "given": ["C"]},
    {"limits": {"nodes": 300}},
]


@pytest.mark.parametrize("changes", CHOICES, ids=lambda c: " ".join(c))
def test_options_are_kept_in_files(changes: dict[str, Any], tmp_path: Path) -> None:
    problem = compile_problem("sorting", n=4, **changes)
    write_problem(problem, tmp_path / "p.gsdm")
    for back in (compile_problem(tmp_path / "p.gsdm"), compile_problem(tmp_path / "p.gsdm").resized(n=4)):
        assert back.options == problem.options
        assert [(g.targets, g.subset) for g in back.givens] == [(g.targets, g.subset) for g in problem.givens]
        assert back.graph.plates == problem.graph.plates
        ours, theirs = problem.layout, back.layout
        assert ours.roles == theirs.roles
        assert ours.embedding_keys == theirs.embedding_keys
        assert ours.structure.symmetric == theirs.structure.symmetric == problem.options.symmetric
        assert torch.equal(ours.structure.indptr, theirs.structure.indptr)
        assert torch.equal(ours.structure.indices, theirs.structure.indices)
        assert torch.equal(ours.structure.role_sets, theirs.structure.role_sets)
        assert torch.equal(ours.embedding, theirs.embedding)
        assert torch.equal(ours.positions, theirs.positions)


def test_options_of_a_file_hold_where_none_replace_them(tmp_path: Path) -> None:
    write_problem(compile_problem("boolean", n=2, mask="random:2", given="y"), tmp_path / "p.gsdm")
    path = tmp_path / "p.gsdm"
    frozen = compile_problem(path).tape.frozen["gates"]
    other = compile_problem(path, mask="dense")
    assert other.options == CompileOptions(given=("y",), mask=MaskChoice("dense"))
    assert np.array_equal(other.tape.frozen["gates"], frozen)
    assert compile_problem(path, mask="program", given="program").options == CompileOptions()
    assert compile_problem(path, n=3).options == compile_problem(path).options


def test_old_files_have_no_options(tmp_path: Path) -> None:
    import json
    import zipfile

    write_problem(compile_problem("bcmf"), tmp_path / "p.gsdm")
    with zipfile.ZipFile(tmp_path / "p.gsdm") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    meta = json.loads(parts["problem.json"])
    del meta["options"]
    parts["problem.json"] = json.dumps(meta | {"format": 1}).encode()
    with zipfile.ZipFile(tmp_path / "old.gsdm", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert compile_problem(tmp_path / "old.gsdm").options == CompileOptions()


def test_intermediates_are_kept_where_they_are_given() -> None:
    def names(**changes: Any) -> list[str]:
        return [a.name for a in compile_problem("bcmf", intermediates=False, **changes).graph.arrays]

    assert names() == ["A", "R", "E"]
    assert names(given="subset:C") == ["A", "R", "C", "E"]


def test_deep_programs_compile_and_run_within_a_raised_limit(tmp_path: Path) -> None:
    text = f'(sample "x" (normal {"(+ 1 " * 3000}0{")" * 3000} 1))'
    with pytest.raises(GsdmcError, match="more than 200 deep"):
        compile_text(text, "deep.clj")
    problem = compile_text(text, "deep.clj", {}, CompileOptions(limits=Limits(nesting=3010)))
    assert abs(problem.simulate(100, 0)["x"].mean().item() - 3000) < 1
    write_problem(problem, tmp_path / "deep.gsdm")
    assert compile_problem(tmp_path / "deep.gsdm").graph.nodes == 1


def test_defs_that_are_called_like_options() -> None:
    text = '(def mask 2) (foreach mask [i (range mask)] (sample "x" (normal 0 1)))'
    problem = compile_with(io.StringIO(text), {"mask": 3}, {"mask": "dense"})
    assert (problem.sizes, problem.mask.nnz) == ({"mask": 3}, 9)
    assert problem.resized(mask=4).mask.nnz == 16


@settings(max_examples=25)
@given(st.sampled_from(["i", "j", "t"]), st.sampled_from(["array", "independent"]), st.integers(2, 4))
def test_forcing_keeps_the_graph_and_tells_more_nodes_apart(plate: str, name: str, size: int) -> None:
    free = compile_problem("bcmf", m=size, n=3, k=2)
    forced = compile_problem("bcmf", m=size, n=3, k=2, embedding={plate: name})
    assert (forced.mask != free.mask).nnz == 0
    assert forced.metrics == free.metrics

    def classes(problem: Any) -> set[tuple[int, ...]]:
        layout = problem.layout
        rows = torch.cat([layout.embedding[:, None], layout.positions], dim=1)
        return set(map(tuple, rows.tolist()))

    assert len(classes(forced)) > len(classes(free))
