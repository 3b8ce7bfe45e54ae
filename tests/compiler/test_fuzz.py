"""Whatever a text says, compiling it ends in a problem or in a diagnostic."""

from __future__ import annotations

from importlib.resources import files

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gsdmc.compiler import bundled, compile_text
from gsdmc.language import GsdmcError, render
from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS
from gsdmc.language.foreign import SPECIAL_SHAPES
from tests.compiler.wild_programs import wild_programs

PROGRAMS = [files("gsdmc.programs").joinpath(f"{n}.clj").read_bytes() for n in bundled() if n != "sudoku"]
SEVERAL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(text: str) -> GsdmcError | None:
    """Compile, with all readings; only a user's mistake may be raised."""
    try:
        problem = compile_text(text, "fuzz.clj")
        assert problem.mask.shape == (problem.graph.nodes, problem.graph.nodes)
        values = problem.simulate(2, 0)
        problem.verify(values)
        problem.score(values)
    except GsdmcError as refused:
        error = refused
    else:
        return None
    assert error.message
    assert render(error)
    return error


@SEVERAL
@given(st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    assert outcome(data.decode("utf-8", "replace")) is not None or b"sample" in data


@SEVERAL
@given(
    program=st.sampled_from(PROGRAMS),
    other=st.sampled_from(PROGRAMS),
    cuts=st.tuples(*[st.floats(0, 1)] * 4),
    inserted=st.binary(max_size=8),
)
def test_programs_spliced_and_damaged(
    program: bytes, other: bytes, cuts: tuple[float, ...], inserted: bytes
) -> None:
    a, b, c, d = (
        int(cut * len(text)) for cut, text in zip(cuts, (program, program, other, other), strict=True)
    )
    outcome((program[:a] + inserted + other[min(c, d) : max(c, d)] + program[b:]).decode("utf-8", "replace"))


ATOMS = st.sampled_from(
    [
        "x",
        "y",
        "n",
        "f",
        "_",
        "0",
        "1",
        "2",
        "-1",
        "0.5",
        "1/3",
        "1e300",
        "true",
        "false",
        "nil",
        ":k",
        '"a"',
        '"b"',
    ]
)
HEADS = st.sampled_from(
    ["x", "f", *BUILTINS, *DISTRIBUTIONS, *ALIASES, *SPECIAL_SHAPES, "sample", "dirac", "get"]
)


def larger(forms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(forms, max_size=4).map(" ".join)
    return st.one_of(
        several.map(lambda items: f"[{items}]"),
        several.map(lambda items: f"{{{items}}}"),
        st.tuples(HEADS, several).map(lambda parts: f"({parts[0]} {parts[1]})"),
        st.tuples(forms, forms).map(lambda p: f"(let [x {p[0]} y {p[1]}] (+ x y))"),
        st.tuples(forms, forms).map(lambda p: f"(foreach 3 [x (range 3) y {p[0]}] {p[1]})"),
        st.tuples(forms, forms).map(lambda p: f"(loop 3 {p[0]} (fn [n x] {p[1]}))"),
        st.tuples(forms, forms, forms).map(lambda p: f"(if {p[0]} {p[1]} {p[2]})"),
        forms.map(lambda form: f"(sample (dirac {form}))"),
        forms.map(lambda form: f"(sample (normal {form} 1))"),
        forms.map(lambda form: f"(reduce (fn [x y] {form}) [1 2 3])"),
    )


@settings(SEVERAL, max_examples=150)
@given(st.recursive(ATOMS, larger, max_leaves=12))
def test_forms_of_every_kind(form: str) -> None:
    outcome(
        "(def n 3)\n(defn f [x] x)\n"
        f'(let [x (sample "u" (normal 0 1)) y (sample "v" (bernoulli 0.5))]\n  {form})'
    )


@settings(SEVERAL, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(wild_programs())
def test_wild_programs(program: str) -> None:
    outcome(program)
