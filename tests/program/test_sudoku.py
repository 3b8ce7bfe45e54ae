"""Sudoku grids: valid, exactly uniform up to side 3, and in agreement with block Gibbs sampling."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2

from gsdmc.program.sudoku import sudoku_grids
from gsdmc.program.sudoku.chutes import chutes
from gsdmc.program.sudoku.swaps import gibbs_grids, pattern_grid, shuffle, swap_digits, swap_rows, sweep
from gsdmc.program.sudoku.uniform import uniform_grids

Ints = NDArray[Any]


def valid(grids: Ints, side: int) -> Ints:
    """Whether each grid [B, side², side²] has every digit in every row, column and box."""
    digits = np.arange(side * side)
    boxes = grids.reshape(-1, side, side, side, side).swapaxes(2, 3).reshape(grids.shape)
    units = (grids, grids.swapaxes(1, 2), boxes)
    checks: Ints = np.all([(np.sort(unit, -1) == digits).all((1, 2)) for unit in units], axis=0)
    return checks


def interchanges(grids: Ints, side: int) -> Ints:
    """For each grid, its 2 × 2 patterns ab/ba within two rows of a band or two columns of a stack."""
    total = np.zeros(len(grids), dtype=int)
    for turned in (grids, grids.swapaxes(1, 2)):
        for start in range(0, side * side, side):
            for i, j in combinations(range(start, start + side), 2):
                same = turned[:, i, :, None] == turned[:, j, None, :]
                total += (same & same.swapaxes(1, 2)).sum((1, 2)) // 2
    return total


def pure_band(grids: Ints) -> Ints:
    """Whether the first band of a 9 × 9 grid has the same three triples in each of its boxes."""
    triples = (1 << grids[:, :3].reshape(-1, 3, 3, 3)).sum(-1)  # [B, row, stack]
    return np.asarray((triples[:, :1, 0] == triples[:, :, 1]).any(1))


def bands_weight(first: int) -> int:
    """Over all second and third bands, the sum of the numbers of three stacks that fit with band `first`."""
    tables = chutes()
    others = tables.seen_from[tables.bands[first], tables.bands]  # [15680, 3]
    stacks = tables.stacks.astype(np.int32)
    total = 0
    for k, (a, b, c) in enumerate(others):
        # The second and the third band may change places: count the pairs above the diagonal twice.
        later = others[k:].T
        weights = stacks[a][later[0]] * stacks[b][later[1]] * stacks[c][later[2]]
        total += 2 * int(weights.sum()) - int(weights[0])
    return total


def p_value(observed: Ints, expected: Ints) -> float:
    """Of the χ² test, over cells that can occur."""
    possible = expected > 0
    assert observed[~possible].sum() == 0
    statistic = ((observed - expected)[possible] ** 2 / expected[possible]).sum()
    return float(chi2.sf(statistic, possible.sum() - 1))


def numbers(grids: Ints, listed: Ints) -> Ints:
    """Where each grid [B, 4, 4] stands in a sorted list of codes."""
    codes = grids.reshape(-1, 16) @ 4 ** np.arange(16)
    where = np.searchsorted(listed, codes)
    np.testing.assert_array_equal(listed[where], codes)
    return where


@pytest.fixture(scope="module")
def all_of_side_2() -> Ints:
    """The 288 grids, by filling cell after cell."""
    grids = np.zeros((1, 0), dtype=int)
    for cell in range(16):
        row, column = divmod(cell, 4)
        grids = np.concatenate([np.c_[grids, np.full(len(grids), d)] for d in range(4)])
        for other in range(cell):
            r, c = divmod(other, 4)
            if r == row or c == column or (r // 2, c // 2) == (row // 2, column // 2):
                grids = grids[grids[:, other] != grids[:, cell]]
    assert len(grids) == 288
    return grids[np.argsort(grids @ 4 ** np.arange(16))].reshape(-1, 4, 4)


@pytest.fixture(scope="module")
def codes_of_side_2(all_of_side_2: Ints) -> Ints:
    return np.asarray(all_of_side_2.reshape(-1, 16) @ 4 ** np.arange(16))


@pytest.fixture(scope="module")
def side_3() -> Ints:
    return uniform_grids(np.random.default_rng(1), 40_000, 3)


@pytest.fixture(scope="module")
def pure_share() -> float:
    """Exactly, the share of grids whose first band is pure; the tables' total is checked on the way.

    Up to symmetry a band is pure (2 in 56) or mixed (54 in 56). The factors restore what the tables
    leave out: the first box's partition, the order of the rows of three bands and columns of three stacks.
    """
    bands = chutes().bands[:56]
    pure = np.flatnonzero(bands[:, 1] == 0)
    mixed = np.flatnonzero(bands[:, 1] != 0)
    assert (len(pure), len(mixed)) == (2, 54)
    with_pure, with_mixed = 2 * bands_weight(pure[0]), 54 * bands_weight(mixed[17])
    # B. Felgenhauer and F. Jarvis, Mathematics of Sudoku I (2006).
    assert 280 * 6**6 * (with_pure + with_mixed) == 6_670_903_752_021_072_936_960
    return with_pure / (with_pure + with_mixed)


def test_side_2_is_uniform_over_all_grids(all_of_side_2: Ints, codes_of_side_2: Ints) -> None:
    draws = sudoku_grids(np.random.default_rng(2), 288 * 100, 2).reshape(-1, 4, 4)
    counts = np.bincount(numbers(draws, codes_of_side_2), minlength=288)
    assert p_value(counts, np.full(288, 100.0)) > 1e-4


def test_side_3_is_valid_and_does_not_repeat(side_3: Ints) -> None:
    assert valid(side_3, 3).all()
    assert len(np.unique(side_3.reshape(-1, 81), axis=0)) == len(side_3)


def test_tables_count_all_grids_and_draws_have_the_exact_share_of_pure_bands(
    side_3: Ints, pure_share: float
) -> None:
    # Bands are not equally likely: pure ones have more completions than their 2 in 56.
    assert pure_share > 2 / 56
    turns = [
        pure_band(g)
        for g in (side_3, side_3.swapaxes(1, 2), side_3[:, ::-1], side_3[:, :, ::-1].swapaxes(1, 2))
    ]
    for found in turns:
        error = np.sqrt(pure_share * (1 - pure_share) / len(found))
        assert abs(found.mean() - pure_share) < 4 * error


def test_side_3_has_every_digit_and_every_box_equally_often(side_3: Ints) -> None:
    counts = (side_3[..., None] == np.arange(9)).sum(0)  # [9, 9, digit]
    expected = np.full(9, len(side_3) / 9)
    assert min(p_value(counts[r, c], expected) for r in range(9) for c in range(9)) > 1e-5
    # Given the middle box, the order of the top left box's digits is one of 9!: compare coarse ranks.
    relative = np.argsort(side_3[:, 3:6, 3:6].reshape(-1, 9), axis=1)
    corner = np.take_along_axis(relative, side_3[:, 0, :2], axis=1)
    pairs = np.bincount(corner[:, 0] * 9 + corner[:, 1], minlength=81).reshape(9, 9)
    apart = np.full((9, 9), len(side_3) / 72) * (1 - np.eye(9))
    assert p_value(pairs, apart) > 1e-5


def test_side_3_agrees_with_the_swap_chain(side_3: Ints) -> None:
    chain = gibbs_grids(np.random.default_rng(3), 1500, 3, sweeps=30)
    assert valid(chain, 3).all()
    exact, other = interchanges(side_3, 3), interchanges(chain, 3)
    error = np.sqrt(exact.var() / len(exact) + other.var() / len(other))
    assert abs(exact.mean() - other.mean()) < 4 * error
    # It starts far away, so agreement is not for free.
    assert interchanges(pattern_grid(3)[None], 3) == 0


def test_draws_depend_on_the_generator_and_the_batch_alone() -> None:
    draws = [sudoku_grids(np.random.default_rng(seed), 40, side) for side in (2, 3, 4) for seed in (5, 5, 6)]
    for i in (0, 3, 6):
        np.testing.assert_array_equal(draws[i], draws[i + 1])
        assert (draws[i] != draws[i + 2]).any()


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
def test_every_side_is_valid(side: int) -> None:
    draws = sudoku_grids(np.random.default_rng(side), 3, side)
    assert draws.shape == (3, side, side, side, side)
    assert valid(draws.reshape(3, side**2, side**2), side).all()


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_an_empty_batch_is_empty(side: int) -> None:
    assert sudoku_grids(np.random.default_rng(0), 0, side).shape == (0, side, side, side, side)


def test_a_side_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sudoku_grids(np.random.default_rng(0), 1, 0)


@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_every_move_keeps_grids_valid(side: int, seed: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    grids = np.broadcast_to(pattern_grid(side), (batch, side**2, side**2))
    for move in (shuffle, swap_digits, swap_rows, sweep):
        grids = move(rng, grids, side)
        assert valid(grids, side).all()


def test_digit_swaps_are_the_exact_conditional_law(all_of_side_2: Ints, codes_of_side_2: Ints) -> None:
    start, draws = all_of_side_2[100], 30_000
    expected = np.zeros(288)
    for classes in ([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]):  # the three ways to pair four digits
        paired = np.array(classes)
        fits = (paired[all_of_side_2] == paired[start]).all((1, 2))
        expected += draws / 3 * fits / fits.sum()
    moved = swap_digits(np.random.default_rng(7), np.broadcast_to(start, (draws, 4, 4)), 2)
    observed = np.bincount(numbers(moved, codes_of_side_2), minlength=288)
    assert p_value(observed, expected) > 1e-4


@pytest.mark.parametrize("number", [0, 5, 100])
def test_row_swaps_are_the_exact_conditional_law(
    all_of_side_2: Ints, codes_of_side_2: Ints, number: int
) -> None:
    start, draws = all_of_side_2[number], 5000
    by_band = np.sort(all_of_side_2.reshape(-1, 2, 2, 4), axis=2)  # the two digits of each column and band
    # Both bands are redrawn, each given the other; side 2 leaves the columns' pairs as they are.
    fits = (by_band == by_band[number]).all((1, 2, 3))
    moved = swap_rows(np.random.default_rng(8), np.broadcast_to(start, (draws, 4, 4)), 2)
    observed = np.bincount(numbers(moved, codes_of_side_2), minlength=288)
    assert p_value(observed, draws * fits / fits.sum()) > 1e-4


def test_sweeps_reach_every_grid_of_side_2(codes_of_side_2: Ints) -> None:
    grids = np.broadcast_to(pattern_grid(2), (288 * 40, 4, 4))
    rng = np.random.default_rng(9)
    for _ in range(12):
        grids = sweep(rng, grids, 2)
    counts = np.bincount(numbers(grids, codes_of_side_2), minlength=288)
    assert p_value(counts, np.full(288, 40.0)) > 1e-4


def test_the_shuffle_is_uniform_on_an_orbit(all_of_side_2: Ints, codes_of_side_2: Ints) -> None:
    # The pattern grid's orbit: 4! digits, all orders of rows and columns, transposed or not.
    orbit = set()
    for digits in permutations(range(4)):
        relabelled = np.array(digits)[pattern_grid(2)]
        for bits in np.ndindex(2, 2, 2, 2, 2, 2, 2):
            rows, columns = (
                [2 * (b ^ o) + (i ^ s[b]) for b in (0, 1) for i in (0, 1)]
                for o, s in ((bits[0], bits[1:3]), (bits[3], bits[4:6]))
            )
            moved = relabelled[np.ix_(rows, columns)]
            orbit.add(int((moved.T if bits[6] else moved).reshape(16) @ 4 ** np.arange(16)))
    expected = np.isin(codes_of_side_2, list(orbit)).astype(float)
    draws = np.broadcast_to(pattern_grid(2), (200 * len(orbit), 4, 4))
    observed = np.bincount(
        numbers(shuffle(np.random.default_rng(10), draws, 2), codes_of_side_2), minlength=288
    )
    assert p_value(observed, 200 * expected) > 1e-4
