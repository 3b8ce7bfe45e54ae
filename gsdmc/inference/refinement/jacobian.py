"""Jacobians of known sparsity from a few derivatives along coloured directions.

Columns that meet in no row share a colour, and one directional derivative gives all columns of a colour
(Curtis, Powell and Reid 1974); rows likewise, by reverse differentiation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

Function = Callable[[Tensor, int], Tensor]
"""Maps `[B * repeats, n]` to `[B * repeats, m]`; every member of the batch comes `repeats` times in a row."""


@dataclass(frozen=True, eq=False)
class Jacobian:
    """How to differentiate a function `R^n -> R^m` whose dependences are known.

    Attributes:
        rows, columns: `[entries]`, where the Jacobian isn't zero, row by row.
        shape: m and n.
        by_columns: whether columns are coloured, or rows.
        colours: `[n]` or `[m]`, the colour of each.
    """

    rows: Tensor
    columns: Tensor
    shape: tuple[int, int]
    by_columns: bool
    colours: Tensor

    @staticmethod
    def of(pattern: csr_array[np.bool_]) -> Jacobian:
        """Colour a pattern, `[m, n]`, along the dimension that seems to need fewer colours."""
        rows, columns = (np.asarray(part, dtype=np.int64) for part in pattern.nonzero())
        widest = int(np.bincount(rows, minlength=1).max(initial=0))
        longest = int(np.bincount(columns, minlength=1).max(initial=0))
        by_columns = widest <= longest
        across, along = (rows, columns) if by_columns else (columns, rows)
        colours = colouring(across, along, *(pattern.shape if by_columns else pattern.shape[::-1]))
        return Jacobian(
            torch.from_numpy(rows),
            torch.from_numpy(columns),
            (pattern.shape[0], pattern.shape[1]),
            by_columns,
            torch.from_numpy(colours),
        )

    @property
    def directions(self) -> int:
        """How many derivatives give all entries."""
        return int(self.colours.max()) + 1 if len(self.colours) else 0

    def entries(self, function: Function, x: Tensor, most: int) -> Tensor:
        """Values at `rows` and `columns`, `[B, entries]`.

        Args:
            function: what to differentiate.
            x: where, `[B, n]`.
            most: directions at a time.
        """
        lines, others = (self.columns, self.rows) if self.by_columns else (self.rows, self.columns)
        own = self.colours[lines]
        found = x.new_zeros(len(x), len(lines))
        for start in range(0, self.directions, most):
            colours = torch.arange(start, min(start + most, self.directions))
            seeds = (self.colours == colours[:, None]).to(x)  # [C, lines]
            derivatives = (_forward if self.by_columns else _reverse)(function, x, seeds)  # [B, C, others]
            here = ((own >= start) & (own < start + most)).nonzero().flatten()
            found[:, here] = derivatives[:, own[here] - start, others[here]]
        return found

    def times(self, entries: Tensor, x: Tensor) -> Tensor:
        """J x, `[B, m]`, of `[B, entries]` and `[B, n]`."""
        out = x.new_zeros(len(x), self.shape[0])
        return out.index_add_(1, self.rows, entries * x[:, self.columns])

    def transposed_times(self, entries: Tensor, y: Tensor) -> Tensor:
        """Jᵀ y, `[B, n]`, of `[B, entries]` and `[B, m]`."""
        out = y.new_zeros(len(y), self.shape[1])
        return out.index_add_(1, self.columns, entries * y[:, self.rows])


def colouring(
    across: NDArray[np.int64], along: NDArray[np.int64], size: int, count: int
) -> NDArray[np.int64]:
    """Greedy colours of `count` lines, such that no two of a colour meet.

    Args:
        across: `[entries]`, where each entry's line crosses the other dimension, of `size` places.
        along: `[entries]`, its line.
        size: places of the other dimension.
        count: number of lines.
    """
    order = np.argsort(along, kind="stable")
    places = across[order].tolist()
    starts = np.searchsorted(along[order], np.arange(count + 1)).tolist()
    used = [0] * size  # a set of colours per place, as the bits of a number
    colours = np.zeros(count, dtype=np.int64)
    for line in range(count):
        own = places[starts[line] : starts[line + 1]]
        taken = 0
        for place in own:
            taken |= used[place]
        colour = ((taken + 1) & ~taken).bit_length() - 1  # the lowest bit that is not set
        colours[line] = colour
        for place in own:
            used[place] |= 1 << colour
    return colours


def _forward(function: Function, x: Tensor, seeds: Tensor) -> Tensor:
    """Derivatives along `[C, n]`, `[B, C, m]`.

    The gradient of outputs weighted by y is linear in y, and its derivative with respect to y is what is
    sought. (PyTorch's forward mode compiles things by a deprecated route when it is first used.)
    """
    repeats = len(seeds)
    with torch.enable_grad():
        at = x.repeat_interleave(repeats, 0).requires_grad_()
        value = function(at, repeats)
        if not value.requires_grad:
            return x.new_zeros(len(x), repeats, value.shape[1])
        weights = torch.zeros_like(value, requires_grad=True)
        (gradient,) = torch.autograd.grad(value, at, weights, create_graph=True)
        if not gradient.requires_grad:
            return x.new_zeros(len(x), repeats, value.shape[1])
        (derivative,) = torch.autograd.grad(gradient, weights, seeds.repeat(len(x), 1))
    return derivative.reshape(len(x), repeats, -1)


def _reverse(function: Function, x: Tensor, seeds: Tensor) -> Tensor:
    """Gradients of `[C, m]` sums of outputs, `[B, C, n]`."""
    repeats = len(seeds)
    with torch.enable_grad():
        at = x.repeat_interleave(repeats, 0).requires_grad_()
        value = function(at, repeats)
        if not value.requires_grad:
            return x.new_zeros(len(x), repeats, x.shape[1])
        (gradient,) = torch.autograd.grad(value, at, seeds.repeat(len(x), 1))
    return gradient.reshape(len(x), repeats, -1)
