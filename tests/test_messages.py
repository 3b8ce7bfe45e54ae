"""Errors and warnings speak in one style: they start lower-case, and neither they nor hints end in a stop."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("gsdmc/**/*.py"), *ROOT.glob("kernels/**/*.py")])


def ends(node: ast.expr) -> list[tuple[str, str]]:
    """The first and the last characters of what a string expression may be; a value in it counts as x."""
    match node:
        case ast.Constant(value=str() as text):
            return [(text[:1], text[-1:])]
        case ast.JoinedStr(values=values):
            parts = [ends(v)[0] if isinstance(v, ast.Constant) else ("x", "x") for v in values]
            return [(parts[0][0], parts[-1][1])]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [(first, last) for first, _ in ends(left) for _, last in ends(right)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*ends(body), *ends(orelse)]
        case ast.BoolOp(values=values):
            return [pair for value in values for pair in ends(value)]
    return [("x", "x")]


def diagnostics(file: Path) -> list[ast.Call]:
    """Every error and warning that a file makes."""
    calls = [n for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    return [c for c in calls if getattr(c.func, "id", "") in ("GsdmcError", "GsdmcWarning") and c.args]


def test_style() -> None:
    offences = []
    for file in FILES:
        for call in diagnostics(file):
            place = f"{file.relative_to(ROOT)}:{call.lineno}"
            hints = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
            message = ends(call.args[0])
            offences += [f"{place} starts with a capital" for first, _ in message if first.isupper()]
            offences += [f"{place} ends with a stop" for _, last in message if last == "."]
            offences += [
                f"the hint of {place} ends with a stop" for h in hints for _, e in ends(h) if e == "."
            ]
    assert not offences, "\n".join(offences)


def test_diagnostics_are_found() -> None:
    assert sum(len(diagnostics(file)) for file in FILES) > 250
