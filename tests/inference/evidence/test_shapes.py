from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.evidence.cells import Cells, read_cells
from gsdmc.inference.evidence.shapes import as_many, check_free, fit_shape, fit_sizes, merges
from gsdmc.inference.evidence.vectors import read_vectors

SIZES = st.integers(1, 5)


def cells(**shapes: tuple[int, ...]) -> dict[str, Cells]:
    return {name: read_cells(name, np.zeros(shape)) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def bcmf() -> gsdmc.Problem:
    return gsdmc.compile("bcmf", m=5, n=5, k=3)


@settings(max_examples=12)
@given(m=SIZES, n=SIZES, k=SIZES, given_arrays=st.sets(st.sampled_from("ARCE"), min_size=1))
def test_sizes_follow_the_evidence(
    bcmf: gsdmc.Problem, m: int, n: int, k: int, given_arrays: set[str]
) -> None:
    shapes = {"A": (m, k), "R": (k, n), "C": (m, n, k), "E": (m, n)}
    own = cells(**{name: shapes[name] for name in given_arrays})
    sizes = fit_sizes(bcmf, own).sizes
    stated = {"A": "mk", "R": "kn", "C": "mnk", "E": "mn"}
    free = set("mnk") - {s for name in given_arrays for s in stated[name]}
    for name, value in {"m": m, "n": n, "k": k}.items():
        assert sizes[name] == (bcmf.sizes[name] if name in free else value)


@given(st.lists(st.integers(1, 4), max_size=5), st.data())
def test_merging_adjacent_dimensions_keeps_the_row_major_order(fine: list[int], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(fine) - 1)))) if len(fine) > 1 else []
    groups = [fine[a:b] for a, b in zip([0, *cuts], [*cuts, len(fine)], strict=True)]
    assert merges(tuple(fine), tuple(math.prod(g) for g in groups))


@pytest.mark.parametrize(
    ("fine", "coarse", "fits"),
    [
        ((3, 3, 3, 3), (9, 9), True),
        ((3, 3, 3, 3), (81,), True),
        ((3, 3, 3, 3), (27, 3), True),
        ((2, 3, 4), (4, 6), False),
        ((2, 3), (3, 2), False),
        ((5, 1), (5,), True),
        ((5,), (1, 5), True),
        ((), (1,), True),
        ((2,), (), False),
        ((1, 1), (), True),
        ((2, 3), (2, 3, 2), False),
    ],
)
def test_which_shapes_merge(fine: tuple[int, ...], coarse: tuple[int, ...], fits: bool) -> None:
    assert merges(fine, coarse) is fits


def test_dimensions_of_one_entry_come_and_go() -> None:
    assert as_many((7, 1), (10,)) == (7,)
    assert as_many((1, 7), (10,)) == (7,)
    assert as_many((1, 5, 4), (5, 5)) == (5, 4)
    assert as_many((7,), (5, 5)) is None
    assert as_many((2, 7), (5,)) is None
    assert as_many((5,), (5, 1)) == (5, 1)


def test_a_grid_of_nine_by_nine_fills_the_four_dimensions_of_sudoku() -> None:
    problem = gsdmc.compile("sudoku")
    grid = np.arange(81).reshape(9, 9) % 9
    fitted = fit_shape(problem.graph.by_name["cell"], read_cells("cell", grid))
    band, row, stack, column = 2, 0, 1, 2
    assert fitted.values[band, row, stack, column] == grid[3 * band + row, 3 * stack + column]


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"E": (7, 4), "A": (5, 3)}, r'about the plate i: 7 or 5\? It has "E" 7×4 and "A" 5×3'),
        ({"C": (5, 5, 3), "R": (3, 4)}, r"about the plate j"),
        ({"E": (0, 5)}, r'evidence "E" is empty, so m would be 0'),
    ],
)
def test_evidence_that_disagrees(bcmf: gsdmc.Problem, shapes: dict, says: str) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        fit_sizes(bcmf, cells(**shapes))


def test_one_size_of_several_plates_must_be_one(request: pytest.FixtureRequest) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=r"disagrees about n: 4 or 3"):
        fit_sizes(gsdmc.compile("inversion"), cells(A=(4, 3)))


def test_wrong_shapes_name_array_expected_plates_and_got(bcmf: gsdmc.Problem) -> None:
    array = bcmf.graph.by_name["C"]
    with pytest.raises(gsdmc.GsdmcError, match=r'"C" has shape 4×4; expected 5×5×3 \(i=5, j=5, t=3\)'):
        fit_shape(array, read_cells("C", np.zeros((4, 4))))


def test_a_pinned_size_wins_or_complains(bcmf: gsdmc.Problem) -> None:
    assert fit_sizes(bcmf, cells(E=(5, 4)), pinned={"m"}).sizes["n"] == 4
    with pytest.raises(gsdmc.GsdmcError, match="has size 7 along i, but m = 5"):
        fit_sizes(bcmf, cells(E=(7, 4)), pinned={"m"})


def test_fixed_plates_keep_their_size_and_say_why() -> None:
    problem = gsdmc.compile("boolean", n=2)
    with pytest.raises(gsdmc.GsdmcError, match=r'"x" has shape 8; expected 4 \(i=4\)') as error:
        fit_sizes(problem, cells(x=(8,)))
    assert "i keeps its size of 4" in str(error.value)


def test_sizes_without_a_def_of_their_own_are_not_guessed() -> None:
    text = '(def n 3) (def half (+ n 1)) (foreach half [i (range half)] (sample "x" (normal 0 1)))'
    problem = compile_text(text, "derived.clj")
    assert fit_sizes(problem, cells(x=(4,))) is problem
    with pytest.raises(gsdmc.GsdmcError, match="half is computed from other sizes"):
        fit_sizes(problem, cells(x=(5,)))
    problem = compile_text('(foreach 3 [i (range 3)] (sample "x" (normal 0 1)))', "literal.clj")
    with pytest.raises(gsdmc.GsdmcError, match="no single def sets the size of i"):
        fit_sizes(problem, cells(x=(5,)))


def test_weights_run_at_free_sizes_only(bcmf: gsdmc.Problem) -> None:
    check_free(bcmf, bcmf.resized(m=9, k=1))
    boolean = gsdmc.compile("boolean", n=2)
    with pytest.raises(gsdmc.GsdmcError, match="plate i can't have size 8: it is fixed"):
        check_free(boolean, boolean.resized(n=3))
    hbmf = gsdmc.compile("hbmf")
    with pytest.raises(gsdmc.GsdmcError, match=r'"R" is a category of 4, but .* with a category of 3'):
        check_free(hbmf, hbmf.resized(l=3))


VECTORS = """
(def n 4) (def k 2)
(foreach n [i (range n)]
  (let [x (sample "x" (dirichlet (foreach k [j (range k)] 1.0)))]
    (foreach k [j (range k)] (sample "y" (normal (get x j) 1)))))
"""


def test_the_channels_of_vectors_are_no_plate() -> None:
    problem = compile_text(VECTORS, "vectors.clj")
    array = problem.graph.by_name["x"]
    own = read_vectors(array, np.full((7, 2), 0.5))
    resized = fit_sizes(problem, {"x": own})
    assert resized.sizes == {"n": 7, "k": 2}
    assert fit_shape(resized.graph.by_name["x"], own).values.shape == (7, 2)
    with pytest.raises(gsdmc.GsdmcError, match=r'"x" has shape 4×2; expected 4×3 \(i=4, channel=3\)'):
        fit_shape(problem.resized(k=3).graph.by_name["x"], read_vectors(array, np.full((4, 2), 0.5)))
    with pytest.raises(gsdmc.GsdmcError, match=r'"x" 5×2 and "y" 6×2'):
        fit_sizes(problem, {"x": read_vectors(array, np.full((5, 2), 0.5)), **cells(y=(6, 2))})


def test_weights_have_the_channels_that_they_were_trained_with() -> None:
    text = VECTORS.replace('(foreach k [j (range k)] (sample "y" (normal (get x j) 1)))', "x")
    problem = compile_text(text, "vectors.clj")
    check_free(problem, problem.resized(n=9))
    with pytest.raises(gsdmc.GsdmcError, match=r'"x" is a simplex of 3, but .* with a simplex of 2'):
        check_free(problem, problem.resized(k=3))


def test_what_is_empty_fits_what_is_empty() -> None:
    for shape in ((0,), (0, 3), (2, 0)):
        assert merges(shape, shape)
        assert merges((1, *shape), shape)
    assert not merges((0,), (2,))
    assert not merges((2,), (0,))
