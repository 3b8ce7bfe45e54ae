"""Nesting: whatever nests ten thousand deep ends in a diagnostic, whatever the limits."""

from __future__ import annotations

import pytest

from gsdmc.cli.main import main
from gsdmc.compiler import CompileOptions, compile_text
from gsdmc.language import GsdmcError, parse, render
from gsdmc.language.limits import DEEPEST, Limits
from gsdmc.language.printer import to_text
from tests.compiler.hostile.build import VARIABLE, nested
from tests.compiler.hostile.texts import BRACKETS

DEPTH = 10_001
RAISED = CompileOptions().changed(limits={"nesting": DEEPEST})


def outcome(text: str, options: CompileOptions) -> GsdmcError | None:
    try:
        compile_text(text, "deep.clj", {}, options)
    except GsdmcError as refused:
        error = refused
    else:
        return None
    assert render(error)
    return error


@pytest.mark.parametrize("options", [CompileOptions(), RAISED], ids=["usual", "raised"])
@pytest.mark.parametrize("name", BRACKETS)
def test_what_nests_too_deep_is_refused(name: str, options: CompileOptions) -> None:
    opener, closer = BRACKETS[name]
    for text in (nested(opener, closer, DEPTH, "1"), opener * DEPTH):
        assert outcome(text + VARIABLE, options) is not None


@pytest.mark.parametrize("options", [CompileOptions(), RAISED], ids=["usual", "raised"])
@pytest.mark.parametrize("mark", ["#_", "^", "#_ ^", "^{} #_", "'", "`", "~@", "@"])
def test_marks_without_brackets_are_refused(mark: str, options: CompileOptions) -> None:
    assert outcome(mark * DEPTH, options) is not None
    assert outcome(mark * DEPTH + " x", options) is not None


def nest(name: str, depth: int) -> str:
    opener, closer = BRACKETS[name]
    return nested(opener, closer, depth // sum(map(opener.count, "([{")) - 3, "1") + VARIABLE


@pytest.mark.parametrize("name", BRACKETS)
def test_what_nests_deep_and_may_is_compiled_or_refused(name: str) -> None:
    outcome(nest(name, 2_000), RAISED)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["call", "let-value", "dirac"])
def test_so_is_what_nests_as_deep_as_can_be_allowed(name: str) -> None:
    outcome(nest(name, DEEPEST), RAISED)


@pytest.mark.parametrize("depth", [150, 700])  # more than Python's own stack has room for
def test_deep_forms_are_printed(depth: int) -> None:
    text = nested("(+ 1 ", ")", depth, "1") + VARIABLE
    limits = Limits(nesting=DEEPEST)
    printed = to_text(parse(text, limits=limits))
    assert to_text(parse(printed, limits=limits)) == printed


def test_the_command_line_refuses_them_without_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path_factory.mktemp("deep") / "deep.clj"
    for depth in (DEPTH, DEEPEST):
        path.write_text(nested("(+ 1 ", ")", depth, "1") + VARIABLE)
        for options in ([], ["--limit", f"nesting={DEEPEST}"]):
            status = main(["compile", str(path), *options])
            said = capsys.readouterr().err
            assert status == (0 if options and depth == DEEPEST else 1)
            assert said.startswith("error: ") == bool(status)
            assert "Traceback" not in said


VALUES = {
    "vectors": "(loop 15000 x (fn [t a] [a]))",
    "vectors-used": "(let [v (loop 15000 x (fn [t a] [a]))] (= v v))",
    "maps": "(loop 15000 x (fn [t a] {:a a}))",
    "functions": "((loop 15000 (fn [y] y) (fn [t g] (fn [y] (g y)))) x)",
    "computations": '(sample "y" (normal (loop 4000 x (fn [t a] (tanh (+ a t)))) 1))',
    "untracked": '(sample "y" (dirac (loop 4000 x (fn [t a] (untracked (+ a t))))))',
    "look-ups": "(loop 9000 x (fn [t a] (get [a a] 1)))",
    "arms": "(loop 5000 x (fn [t a] (if (> x 0) a x)))",
    "draws": '(loop 2000 x (fn [t a] (sample "y" (normal (* 0.1 a) 1))))',
}
"""What nests without brackets."""


@pytest.mark.parametrize("name", VALUES)
def test_values_that_nest_deep_are_compiled_or_refused(name: str) -> None:
    outcome(f"(let [x {VARIABLE}] {VALUES[name]})", CompileOptions())
