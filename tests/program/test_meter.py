"""The meter: what is counted, against which limits, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gsdmc.compiler import compile_text
from gsdmc.language import GsdmcError, parse
from gsdmc.language.limits import Limits, within
from gsdmc.program.evaluator import evaluate
from gsdmc.program.meter import MAX_AXES, check_axes, hold, metered, spend


def used(text: str) -> tuple[int, int]:
    """The least steps and numbers that a program compiles with."""

    def least(allows: Callable[[int], Limits]) -> int:
        low, high = 0, 1 << 20
        while low < high:
            middle = (low + high) // 2
            try:
                evaluate(parse(text), limits=allows(middle))
            except GsdmcError:
                low = middle + 1
            else:
                high = middle
        return low

    return least(lambda n: Limits(steps=n)), least(lambda n: Limits(table=n))


def test_nothing_is_counted_where_nothing_is_evaluated() -> None:
    spend(10**12)
    hold([10**6, 10**6])
    with within(Limits(steps=5, table=6)), metered() as meter:
        spend(5)
        hold([2, 3])
        with pytest.raises(GsdmcError, match="more than 5 steps"):
            spend(1)
        with pytest.raises(GsdmcError, match="the values up to here make 7 numbers"):
            hold([1])
        with pytest.raises(GsdmcError, match="a table of 8 numbers"):
            hold([8])
        assert (meter.steps, meter.numbers) == (6, 6)
    spend(10**12)


def test_dimensions_are_bounded_anywhere() -> None:
    check_axes(MAX_AXES)
    with pytest.raises(GsdmcError, match=f"at most {MAX_AXES}"):
        hold([1] * (MAX_AXES + 1))


def doubling(inner: str, outer: str, depth: int) -> str:
    """A `let` whose names are twice as large each: `inner` is the first, `outer` has x for the one before."""
    names = " ".join(f"a{i + 1} {outer.replace('x', f'a{i}')}" for i in range(depth))
    return f'(let [a0 {inner} {names}] (sample "y" (normal 0 1)) a{depth})'


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ('(sample "x" (normal 0 1))', "[x x]"),
        ("1", "{:a x :b x}"),
        ("[1 2]", "(concat x x)"),
        ('[(sample "x" (normal 0 1))]', "(concat x x)"),
        ('(sample "x" (normal 0 1))', "(foreach 2 [] x)"),
        ('"abcdefgh"', "(str x x)"),
        ("(fn [y] (+ y 1))", "(fn [y] (x (x y)))"),
    ],
)
def test_what_doubles_with_every_line_is_refused(inner: str, outer: str) -> None:
    text = doubling(inner, outer, 50)
    if outer.startswith("(fn"):
        text = text.replace(" a50)", " (a50 1))")
    if outer.startswith("(foreach"):
        text = text.replace(" a50)", ' (sample "z" (dirac (distinct? a50))))')
    with pytest.raises(GsdmcError, match=r"steps|numbers|characters|iterations"):
        compile_text(text, "doubling.clj")


def test_a_vector_that_is_seldom_looked_at_costs_little() -> None:
    one, _ = used(f"(let [v [{'1 ' * 50}]] (get v 1))")
    many, _ = used(f"(let [v [{'1 ' * 50}]] {'(get v 1) ' * 10})")
    assert many < one + 9 * 15


def test_tables_are_counted_where_they_are_made_and_once() -> None:
    _, one = used("(sum (foreach 9 [i (range 9)] (sum (foreach 9 [j (range 9)] (+ i j)))))")
    _, two = used("(sum (foreach 9 [i (range 9)] (sum (foreach 9 [j (range 9)] (+ i (+ i j))))))")
    assert (one, two) == (81 + 4 * 9, 2 * 81 + 4 * 9)
