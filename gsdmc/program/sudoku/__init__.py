"""Complete sudoku grids of any box side: exactly uniform up to side 3, by block Gibbs sampling beyond."""

from __future__ import annotations

import numpy as np

from gsdmc.program.sudoku.chutes import Array
from gsdmc.program.sudoku.swaps import gibbs_grids
from gsdmc.program.sudoku.uniform import uniform_grids

SWEEPS = 60
"""Gibbs sweeps for sides above 3: three times what the slowest statistic watched (2 × 2 swaps) needs."""


def sudoku_grids(rng: np.random.Generator, batch: int, side: int) -> Array:
    """Draw independent grids [batch, band, row in band, stack, column in stack], values 0..side² - 1.

    They depend on `rng`, `batch` and `side` alone. The law is exactly uniform over all grids (288 of
    side 2, 6 670 903 752 021 072 936 960 of side 3) for a side up to 3. For larger sides each grid is
    the end of a chain of its own, `SWEEPS` sweeps long, which leaves the uniform law invariant.

    Raises:
        ValueError: the side is less than 1.
    """
    if side < 1:
        raise ValueError(f"a sudoku's box side must be at least 1, not {side}")
    exact = side <= 3
    grids = uniform_grids(rng, batch, side) if exact else gibbs_grids(rng, batch, side, sweeps=SWEEPS)
    return grids.reshape(batch, side, side, side, side)
