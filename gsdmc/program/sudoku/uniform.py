"""Independent, exactly uniform sudoku grids with boxes of side 1, 2 or 3.

There is no Markov chain: side 2 has 288 grids, which are listed; side 3 draws three bands by
rejection, with the exact number of grids that contain them as their weight, and then each stack
uniformly among those that fit (see `chutes`). Every comparison is one of integers, so the law is
exactly uniform as far as the generator's bits are.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from gsdmc.program.sudoku.chutes import ORDERS, Array, chutes

_CHUNK = 1024


@cache
def _grids_of_side_2() -> Array:
    """All 288 grids, [288, 4, 4]."""
    lines = np.array(list(permutations(range(4))))
    boxes_differ = (lines[:, None, :2, None] != lines[None, :, None, :2]).all((2, 3))
    boxes_differ &= (lines[:, None, 2:, None] != lines[None, :, None, 2:]).all((2, 3))
    bands = lines[np.argwhere(boxes_differ)]  # [96, 2, 4]
    columns_differ = (bands[:, None, :, None] != bands[None, :, None, :]).all((2, 3, 4))
    top, bottom = np.nonzero(columns_differ)
    return np.concatenate([bands[top], bands[bottom]], axis=1)


@cache
def _second_bands() -> tuple[Array, Array, Array]:
    """The bound on a first and second band, its cumulative sum over all pairs, and `seconds`."""
    seconds, bounds = chutes().envelope()
    return bounds.reshape(-1), bounds.cumsum(), seconds.reshape(-1, 3)


def _bands(rng: np.random.Generator, batch: int) -> tuple[Array, Array, Array]:
    """Draw bands with weight the number of grids that contain them.

    Rejection: the first two bands in proportion to the bound of `Chutes.envelope`, the third band
    uniformly, accepted with probability weight / bound (about one in seven). The first box's row
    partition is number 0.

    Returns the bands [batch, 3] and the second's and third's partitions as seen from the first's
    [batch, 3] each, one per stack.
    """
    tables = chutes()
    bounds, cumulative, seconds = _second_bands()
    found: list[tuple[Array, Array, Array]] = []
    missing = batch
    while missing > 0:
        tries = 8 * missing + 32
        pair = np.searchsorted(cumulative, rng.integers(cumulative[-1], size=tries), side="right")
        third = rng.integers(len(tables.bands), size=tries)
        first = pair // len(tables.bands)
        in_second = seconds[pair]
        in_third = tables.seen_from[tables.bands[first], tables.bands[third]]
        weight = tables.stacks[in_second, in_third].prod(-1)
        kept = np.flatnonzero(rng.integers(bounds[pair]) < weight)[:missing]
        bands = np.stack([first, pair % len(tables.bands), third], axis=1)
        found.append((bands[kept], in_second[kept], in_third[kept]))
        missing -= len(kept)
    bands, in_second, in_third = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return bands, in_second, in_third


def _columns(rng: np.random.Generator, bands: Array, second: Array, third: Array) -> Array:
    """Draw each stack uniformly among those that fit: columns [batch, stack, band, digit]."""
    tables = chutes()
    fitting = tables.fits[0][second] & tables.fits[1][third]  # [B, 3, 2016]
    counts = tables.stacks[second, third].reshape(-1)
    ends = counts.cumsum()
    chosen = np.flatnonzero(fitting)[ends - counts + rng.integers(counts)] % fitting.shape[-1]
    columns = tables.columns[chosen.reshape(second.shape)]  # [B, 3, 3, 9], digits as the first box sees them
    standard = tables.standard[tables.bands[bands[:, 0]]]  # [B, 3, 9]
    return np.take_along_axis(columns, standard[:, :, None], axis=-1)


def _grids_of_side_3(rng: np.random.Generator, batch: int) -> Array:
    """Independent uniform grids [batch, 9, 9]: the coarse choices, then all permutations they left open.

    Fixing the top left box's row partition and drawing a uniform permutation of the digits is uniform
    again, because permutations take any partition to any other.
    """
    bands, second, third = _bands(rng, batch)
    columns = _columns(rng, bands, second, third).swapaxes(1, 2)  # [B, band, stack, 9]
    rows = chutes().rows[bands]  # [B, band, stack, 9]
    row_order = ORDERS[rng.integers(6, size=(batch, 3))]  # [B, band, 3]
    column_order = ORDERS[rng.integers(6, size=(batch, 3))]  # [B, stack, 3]
    each, band, stack = np.ogrid[:batch, :3, :3]
    row = row_order[each[..., None], band[..., None], rows]
    column = column_order[each[..., None], stack[..., None], columns]
    digits = rng.permuted(np.broadcast_to(np.arange(9), (batch, 9)), axis=1)
    grids = np.empty((batch, 9, 9), dtype=np.int64)
    grids[each[..., None], 3 * band[..., None] + row, 3 * stack[..., None] + column] = digits[:, None, None]
    return grids


def uniform_grids(rng: np.random.Generator, batch: int, side: int) -> Array:
    """Independent uniform grids [batch, side², side²], values 0..side² - 1, for a side up to 3."""
    if side == 1:
        return np.zeros((batch, 1, 1), dtype=np.int64)
    if side == 2:
        return _grids_of_side_2()[rng.integers(288, size=batch)]
    starts = range(0, batch, _CHUNK)
    chunks = [_grids_of_side_3(rng, min(_CHUNK, batch - start)) for start in starts]
    return np.concatenate(chunks) if chunks else np.empty((0, 9, 9), dtype=np.int64)
