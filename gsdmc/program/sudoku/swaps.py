"""Sudoku grids of any side by block Gibbs sampling: swap chains of two digits, two rows, two columns.

Three moves, each an exact draw from the uniform law given what it leaves alone:

- **digits** a, b: blank every cell that holds one of them. Each row, column and box has two blanks;
  join them. A completion is a colouring of that graph with a and b, joined cells differing, and the
  current grid is one, so there are two colourings per connected component: all completions are
  reached by swapping a and b in any set of components.
- **rows** r, s of one band: blank both. The other rows leave two digits for each column (and then
  each box has the digits that it needs), so a completion exchanges the two cells of some columns;
  columns that share a digit must go together. Again there are two choices per component.
- **columns** of one stack: the same, transposed.

Swapping every component with probability 1/2 is therefore Gibbs sampling, and disjoint pairs of
digits or rows can move at once. The uniform law is left invariant; that every grid is reached from
every other is confirmed for sides 2 and 3 (by comparison with `uniform`) and not proved beyond.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from gsdmc.program.sudoku.chutes import Array


@cache
def _boxes(side: int) -> Array:
    """The box of each cell, [side², side²]."""
    part = np.arange(side * side) // side
    return part[:, None] * side + part


def pattern_grid(side: int) -> Array:
    """One grid [side², side²]: each row is a cyclic shift of the one above."""
    line = np.arange(side * side)
    shift = side * (line % side) + line // side
    return (shift[:, None] + line) % (side * side)


def _mates(rng: np.random.Generator, batch: int, groups: int, size: int) -> Array:
    """Random disjoint pairs within each of `groups` consecutive groups: an involution [batch, groups·size].

    Where `size` is odd, one member of each group is its own mate.
    """
    order = rng.permuted(np.broadcast_to(np.arange(size), (batch, groups, size)), axis=-1)
    partner = order.copy()
    even = size - size % 2
    partner[..., 0:even:2], partner[..., 1:even:2] = order[..., 1:even:2], order[..., 0:even:2]
    mates = np.empty_like(order)
    np.put_along_axis(mates, order, partner, axis=-1)
    return (mates + size * np.arange(groups)[:, None]).reshape(batch, groups * size)


def _components(links: list[Array]) -> Array:
    """The least cell of each cell's connected component; `links` are involutions [cells]."""
    labels = np.arange(len(links[0]))
    while True:
        least = labels
        for link in links:
            least = np.minimum(least, labels[link])
        least = least[least]
        if np.array_equal(least, labels):
            return labels
        labels = least


def _swap(rng: np.random.Generator, grids: Array, swapped: Array, links: list[Array]) -> Array:
    """Give each component its `swapped` values with probability 1/2; cells are numbered over the batch."""
    coins = rng.integers(2, size=grids.size, dtype=np.int8).astype(np.bool_)
    return np.where(coins[_components(links)].reshape(grids.shape), swapped, grids)


def _find(groups: Array, grids: Array) -> Array:
    """Where each digit stands: cell numbers [batch, group, digit], for `groups` [lines, lines]."""
    where = np.empty_like(grids)
    cells = np.arange(grids.size).reshape(grids.shape)
    where[np.arange(len(grids))[:, None, None], groups, grids] = cells
    return where


def swap_digits(rng: np.random.Generator, grids: Array, side: int) -> Array:
    """Redraw disjoint random pairs of digits in grids [batch, side², side²]."""
    batch, lines, _ = grids.shape
    each = np.arange(batch)[:, None, None]
    other = _mates(rng, batch, 1, lines)[each, grids]
    row, column = np.indices((lines, lines))
    links = [_find(groups, grids)[each, groups, other].reshape(-1) for groups in (row, column, _boxes(side))]
    return _swap(rng, grids, other, links)


def swap_rows(rng: np.random.Generator, grids: Array, side: int) -> Array:
    """Redraw disjoint random pairs of rows, each within a band, in grids [batch, side², side²]."""
    batch, lines, _ = grids.shape
    each = np.arange(batch)[:, None, None]
    mate = _mates(rng, batch, side, side)[:, :, None]  # [B, rows, 1]
    column = np.arange(lines)
    row = np.indices((lines, lines))[0]
    beside = (each * lines + mate) * lines + column
    same = _find(row, grids)[each, mate, grids]
    stay = mate == row
    cells = np.arange(grids.size).reshape(grids.shape)
    links = [beside.reshape(-1), np.where(stay, cells, same).reshape(-1)]
    return _swap(rng, grids, grids.reshape(-1)[beside], links)


def sweep(rng: np.random.Generator, grids: Array, side: int) -> Array:
    """All three moves once: the next state of the chains [batch, side², side²]."""
    grids = swap_digits(rng, grids, side)
    grids = swap_rows(rng, grids, side)
    return swap_rows(rng, grids.swapaxes(1, 2), side).swapaxes(1, 2)


def shuffle(rng: np.random.Generator, grids: Array, side: int) -> Array:
    """A uniform draw of the symmetries that keep a grid valid, for each grid [batch, side², side²].

    Permutes the digits, the bands and the rows in each, the stacks and the columns in each, and transposes.
    """
    batch, lines, _ = grids.shape
    each = np.arange(batch)[:, None, None]
    digits = rng.permuted(np.broadcast_to(np.arange(lines), (batch, lines)), axis=1)
    orders = []
    for _ in range(2):
        inner = rng.permuted(np.broadcast_to(np.arange(side), (batch, side, side)), axis=-1)
        outer = rng.permuted(np.broadcast_to(np.arange(side), (batch, side)), axis=-1)
        orders.append((side * outer[..., None] + inner).reshape(batch, lines))
    rows, columns = orders
    moved: Array = digits[each, grids[each, rows[:, :, None], columns[:, None, :]]]
    turned = rng.integers(2, size=(batch, 1, 1)).astype(np.bool_)
    return np.where(turned, moved.swapaxes(1, 2), moved)


def gibbs_grids(rng: np.random.Generator, batch: int, side: int, *, sweeps: int) -> Array:
    """Grids [batch, side², side²] after `sweeps` sweeps from a shuffled `pattern_grid`, shuffled again.

    One chain per grid, so the grids are independent, and they depend on `rng`, `batch` and `sweeps` alone.
    """
    lines = side * side
    grids = np.broadcast_to(pattern_grid(side), (batch, lines, lines))
    grids = shuffle(rng, grids, side)
    for _ in range(sweeps):
        grids = sweep(rng, grids, side)
    return shuffle(rng, grids, side)
