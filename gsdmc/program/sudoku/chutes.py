"""Tables that split the 6.67e21 sudoku grids with 3 × 3 boxes into rows' and columns' choices.

Write a grid as two coarser ones. For every box, the *row partition* says which three digits stand
in each of its rows, the *column partition* which three stand in each of its columns; a row and a
column triple that meet in exactly one digit give the cell. So

- a **band** is three row partitions, one per stack, that never put a digit in one row twice;
- a **stack** is three column partitions, one per band, with the same property for columns;
- a grid is three bands and three stacks such that in each of the nine boxes the row and the column
  partition are *transversal*: every row triple meets every column triple in one digit.

Given the bands, the stacks are independent: the number of grids with given bands is the product of
three numbers of stacks, each a function of the three row partitions in that stack. Permuting the
rows of a band, the columns of a stack, or the digits changes none of these numbers; the tables below
are up to those permutations, and small for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]

ORDERS: Array = np.array(list(permutations(range(3))))  # [6, 3]
_POWERS: Array = 3 ** np.arange(9)


@dataclass(frozen=True)
class Chutes:
    """Bands and stacks of 9 × 9 grids up to the order of rows and columns, and what they fit.

    A partition of the digits 0..8 into three unordered triples is one of 280; number 0 is 012|345|678,
    the *standard* one. A band is three partitions that share the names 0, 1, 2 of their triples (the
    rows), the first partition's triples named by their least digit. Relabelling the digits by
    `standard[p]` turns partition p into number 0.

    Attributes:
        partitions: [280, 9], the triple of each digit.
        standard: [280, 9], a permutation of the digits that takes partition p to number 0.
        seen_from: [280, 280], the number of partition q once the digits are relabelled by `standard[p]`.
        bands: [15680, 3], a band's partitions; the first 56 bands begin with number 0.
        rows: [15680, 3, 9], the row of each digit in each box of a band.
        columns: [2016, 3, 9], the column of each digit in each box of a stack whose first box is
            transversal to partition 0.
        fits: two arrays [280, 2016], whether a row partition is transversal to the column partition of
            a stack's second and of its third box.
        stacks: [280, 280], the number of the 2016 stacks that fit row partitions q, r of the second and
            third box when the first box has partition 0.
        most_stacks: [280], the maximum of `stacks` over r.
    """

    partitions: Array
    standard: Array
    seen_from: Array
    bands: Array
    rows: Array
    columns: Array
    fits: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    stacks: Array
    most_stacks: Array

    def envelope(self) -> tuple[Array, Array]:
        """An upper bound, over third bands, of the number of grids with given first two bands.

        Returns `seconds` [56, 15680, 3], the second band's partitions as seen from the first band's,
        and `bounds` [56, 15680], the bound up to the order of rows and columns.
        """
        seconds = self.seen_from[self.bands[:56, None], self.bands]
        return seconds, self.most_stacks[seconds].prod(-1)


def _partitions() -> Array:
    """The 280 partitions of nine digits into unordered triples, as labels [280, 9]."""
    found = []
    for first in combinations(range(1, 9), 2):
        rest = [d for d in range(1, 9) if d not in first]
        for second in combinations(rest[1:], 2):
            labels = np.full(9, 2)
            labels[[0, *first]] = 0
            labels[[rest[0], *second]] = 1
            found.append(labels)
    return np.array(found)


def _alongside(first: Array, ordered: Array) -> Array:
    """All 56 ways to fill a band's other boxes: labels [56, 3, 9] with `first` [9] in front."""
    second = ordered[(ordered != first).all(-1)]
    return np.stack([np.broadcast_to(first, second.shape), second, 3 - first - second], axis=1)


@cache
def chutes() -> Chutes:
    """Build the tables, once: about a tenth of a second."""
    partitions = _partitions()
    ordered = ORDERS[:, partitions].reshape(-1, 9)  # [1680, 9], every naming of every partition
    number = np.full(3**9, -1)
    number[ordered @ _POWERS] = np.tile(np.arange(len(partitions)), len(ORDERS))

    by_triple = np.argsort(partitions, axis=1, kind="stable")  # standard digit -> digit
    standard = np.argsort(by_triple, axis=1)
    seen_from = number[partitions[:, by_triple].swapaxes(0, 1) @ _POWERS]

    rows = np.concatenate([_alongside(labels, ordered) for labels in partitions])
    bands = number[rows @ _POWERS]

    one_hot = np.eye(3, dtype=np.int64)[partitions]  # [280, 9, 3]
    meet = np.einsum("pdr,qdc->pqrc", one_hot, one_hot)
    transversal = (meet == 1).all((2, 3))
    compatible = np.flatnonzero(transversal[0, bands[:, 0]])
    fits = transversal[:, bands[compatible, 1]], transversal[:, bands[compatible, 2]]
    stacks = (fits[0].astype(np.float32) @ fits[1].astype(np.float32).T).astype(np.int64)
    return Chutes(partitions, standard, seen_from, bands, rows, rows[compatible], fits, stacks, stacks.max(1))
