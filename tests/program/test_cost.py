"""What drawing takes is known before: it is counted as it is made, and refused where it is too much."""

from __future__ import annotations

import pytest

from gsdmc.compiler import CompileOptions, compile_text, compile_with
from gsdmc.language import GsdmcError
from gsdmc.program.cost import Cost, cost_of


def cost(text: str) -> Cost:
    return cost_of(compile_text(text, "cost.clj").interpreter.order)


def test_what_varies_with_the_batch_is_counted_apart_from_what_does_not() -> None:
    found = cost("""(let [x (foreach 5 [] (sample "x" (normal 0 1)))]
      (sample "y" (dirac (+ (sum x) (sum (argsort [3 1 2]))))))""")
    # fixed: 0, 1, the three numbers, their order and its sum; each: x, its sum, the sum of both, y
    assert (found.numbers, found.each) == (1 + 1 + 3 + 3 + 1, 5 + 1 + 1 + 1)
    assert found.work == 1 + 1 + 3 + 30 + 1


@pytest.mark.parametrize(
    ("distribution", "numbers", "work"),
    [
        ("(normal 0 1)", 1, 1),
        ("(categorical [0.2 0.3 0.5])", 3, 3),
        ("(gamma 2 1)", 1, 201),
        ("(dirichlet [1 1 1 1])", 4, 4 * 200 + 4),
        ("(multivariate-normal [0 0] [[1 0] [0 1]])", 4, 4),
        ("(mixture [0.5 0.5] [(normal 0 1) (normal 3 1)])", 2, 2),
    ],
)
def test_a_draw_takes_what_its_arguments_have(distribution: str, numbers: int, work: int) -> None:
    found = cost(f'(sample "x" {distribution})')
    assert (found.each, found.each_work) == (numbers, work)
    many = cost(f'(foreach 7 [] (sample "x" {distribution}))')
    assert (many.each, many.each_work) == (7 * numbers, 7 * work)


def test_a_matrix_is_factored_once_for_all_that_it_varies_with() -> None:
    matrix = "(foreach 60 [i (range 60)] (foreach 60 [j (range 60)] (exp (- (abs (- i j))))))"
    draw = f'(sample "x" (multivariate-normal (foreach 60 [] 0) {matrix}))'
    one, two = cost(draw), cost(f"(foreach 2 [] {draw})")
    assert one.each_work == 60**2 + 60**3 // 48
    assert two.each_work == 2 * 60**2 + 60**3 // 48


def test_members_of_a_batch() -> None:
    assert Cost(10, 4, 7, 8, None).members(40, 40) == 5
    assert Cost(10, 4, 7, 8, None).members(12, 40) == 3
    assert Cost(0, 0, 0, 0, None).members(12, 40) == 12


def test_what_is_too_much_to_draw_once_compiles_with_the_limit_that_is_suggested() -> None:
    text = """(let [x (sample "x" (normal 0 1))]
      (sample "y" (dirac (sum (foreach 50 [i (range 50)] (sum (foreach 50 [j (range 50)] (* x i j))))))))"""
    with pytest.raises(GsdmcError, match=r"drawing this program once makes 27\d\d numbers") as caught:
        compile_text(text, "cost.clj", {}, CompileOptions().changed(limits={"table": 2000}))
    assert "--limit table=5000," in (caught.value.hint or "")
    compile_text(text, "cost.clj", {}, CompileOptions().changed(limits={"table": 5000}))


def test_the_largest_programs_of_the_issue_are_far_from_the_limits() -> None:
    for name, sizes in (
        ("bcmf", {"m": 200, "n": 200, "k": 10}),
        ("sorting", {"n": 100}),
        ("sudoku", {"n": 5}),
    ):
        found = cost_of(compile_with(name, sizes, {}).interpreter.order)
        assert found.members(8_000_000, 64_000_000) >= 8
