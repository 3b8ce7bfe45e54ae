"""Every error that the compiler can raise is raised by some program in tests/bad.

The places that make errors are found in the source: calls of `GsdmcError`, and of the functions that return
one. Each must be reached by a bad program, or stand in `EXCEPTIONS` with the reason why none can.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType

import pytest

import gsdmc.language
from gsdmc.language import GsdmcError, lexemes
from gsdmc.program.parameters import CHECKS
from tests.bad.bad_programs import BAD, REFUSED, UNREADABLE, error_of

PACKAGE = Path(gsdmc.language.__file__).parents[1]
FILES = sorted(
    [
        *PACKAGE.glob("language/*.py"),
        *PACKAGE.glob("program/*.py"),
        PACKAGE / "graph/trace.py",
        PACKAGE / "graph/symmetry.py",
        PACKAGE / "compiler/check.py",
    ]
)

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("language/parser.py", "the Python stack that is left"): "needs a caller that has used up the stack",
    ("language/reader.py", "a program has at most"): "a text of a megabyte, made by test_reader.py",
    (
        "program/evaluator.py",
        "this can't be evaluated",
    ): "a net under the evaluator: no program is known to fall",
    ("program/outside.py", "_refused(spec, args, error, expr.span)"): "a registered function breaks its word",
    (
        "program/scalars.py",
        "the iteration {axis.name} is empty",
    ): "a fold over nothing takes its initial value",
    ("program/readings.py", "` failed: {what}"): "a registered function fails",
    ("program/score.py", ""): "the values that a caller gives are wrong, not the program",
}
"""(file, a part of the code that makes the error, all of the file if empty) and why no program reaches it."""


@dataclass(frozen=True)
class Site:
    """A call that makes an error."""

    file: Path
    first: int
    last: int
    code: str

    @property
    def name(self) -> str:
        return str(self.file.relative_to(PACKAGE))

    def __str__(self) -> str:
        return f"{self.name}:{self.first} {' '.join(self.code.split())[:100]}"


class Makers(ast.NodeVisitor):
    """Functions and methods that are said to return an error."""

    def __init__(self) -> None:
        self.functions: set[str] = {"GsdmcError"}
        self.methods: set[str] = set()
        self.inside = False

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before, self.inside = self.inside, True
        self.generic_visit(node)
        self.inside = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.returns is not None and ast.unparse(node.returns) == "GsdmcError":
            (self.methods if self.inside else self.functions).add(node.name)
        self.generic_visit(node)


@cache
def sites() -> tuple[list[Site], set[str]]:
    """Every place that makes an error, and the names of the functions that do for others."""
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
    makers = Makers()
    for tree in trees.values():
        makers.visit(tree)
    modules = {file.stem for file in FILES}
    found = []
    for file, tree in trees.items():
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in makers.functions:
                    pass
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if (
                    module in modules and name in makers.functions
                ):
                    pass
                case ast.Call(func=ast.Attribute(attr=name)) if name in makers.methods:
                    pass
                case _:
                    continue
            code = ast.get_source_segment(source, node) or ""
            found.append(Site(file, node.lineno, node.end_lineno or node.lineno, code))
    return found, makers.functions | makers.methods


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """The lines, as (file, line), on which errors are made while the fixture is in use."""
    lines: set[tuple[str, int]] = set()
    made = GsdmcError.__init__
    _, makers = sites()

    def noted(self: GsdmcError, *args: object, **kwargs: object) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            lines.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back if frame.f_code.co_name in makers else None
        made(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(GsdmcError, "__init__", noted)
    return lines


def excepted(site: Site) -> bool:
    return any(site.name == file and part in site.code for file, part in EXCEPTIONS)


def test_every_error_has_a_bad_program(reached: set[tuple[str, int]]) -> None:
    for path in [*UNREADABLE, *REFUSED]:
        error_of(path)
    places = {(Path(file), line) for file, line in reached}
    missed, needless = [], []
    for site in sites()[0]:
        hit = any((site.file, line) in places for line in range(site.first, site.last + 1))
        if not hit and not excepted(site):
            missed.append(str(site))
        if hit and excepted(site):
            needless.append(str(site))
    assert not missed, "no program in tests/bad reaches\n" + "\n".join(missed)
    assert not needless, "a program reaches what EXCEPTIONS says none can\n" + "\n".join(needless)


@pytest.mark.parametrize(("file", "part"), EXCEPTIONS)
def test_every_exception_is_there(file: str, part: str) -> None:
    assert [site for site in sites()[0] if site.name == file and part in site.code]


def test_the_search_finds_errors_made_in_every_way() -> None:
    found, makers = sites()
    assert len(found) > 200
    assert {"GsdmcError", "shape", "unreadable", "unknown", "mismatched"} <= makers
    codes = " ".join(site.code for site in found)
    for call in ("lexemes.unreadable(", "scope.unknown(", "self.mismatched(", "shape(", "_no_value("):
        assert call in codes


@cache
def said() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in BAD.rglob("*.txt"))


@pytest.mark.parametrize("prefix", lexemes.UNSUPPORTED)
def test_what_other_readers_know_has_a_bad_program(prefix: str) -> None:
    assert f"error: {lexemes.UNSUPPORTED[prefix][0]}\n" in said()


@pytest.mark.parametrize(("distribution", "slot"), CHECKS)
def test_every_check_of_a_parameter_has_a_bad_program(distribution: str, slot: str) -> None:
    assert f"error: the parameter {slot} of `{distribution}` {CHECKS[distribution, slot][1]}, " in said()
