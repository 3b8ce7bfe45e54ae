"""Sizes of the kernels' tiles, by table: no search at run time, so that one structure gives one result."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# Numbers of one operand that a program of the row kernels holds at once. Four warps hold 16 of them a thread
# forward, two 16-byte loads of 16-bit inputs; the backward pass has four operands and three sums in registers
# where the forward pass has two and one, so it takes half as many.
FORWARD = 2048
BACKWARD = 1024

# Numbers of q that fill the machine with one lane a row: about a thousand programs, on a GPU of 132
# multiprocessors with room for six to eight each. With fewer, lanes make up for rows.
ENOUGH = 2**21

# Whole graphs in one tile: up to so many nodes and so wide heads, and only where at least one pair in so many
# is an entry. A tile reads two bytes a pair for its mask where rows gather 4·D bytes an entry (16 bit), and
# its products run on tensor cores. Keys and values of so many numbers fit the 99 KiB of shared memory that
# every GPU since sm_80 has.
TILE_NODES = 128
TILE_WIDTH = 128
TILE_NUMBERS = 2**13
TILE_PAIRS = 24

# Queries per step of a tile: as many as registers hold with all keys, for 16-bit inputs and D up to 128.
FORWARD_QUERIES = 32
BACKWARD_QUERIES = 16


@dataclass(frozen=True)
class Rows:
    """A tile of the row kernels.

    Attributes:
        rows: graph nodes per program.
        lanes: neighbours of each row that are looked at side by side.
        width: head dimension, padded to a power of two.
        warps: warps per program.
    """

    rows: int
    lanes: int
    width: int
    warps: int


@dataclass(frozen=True)
class Tile:
    """A tile of the whole-graph kernels.

    Attributes:
        rows: queries per step.
        columns: keys, padded to a power of two; all the graph's nodes.
        width: head dimension, padded to a power of two.
        warps: warps per program.
    """

    rows: int
    columns: int
    width: int
    warps: int


def power_of_two(x: int) -> int:
    """The least power of two that is at least x."""
    return 1 << (x - 1).bit_length()


def rows_config(head_dim: int, rows: int, elements: int) -> Rows:
    """The row kernels' tile.

    One lane a row issues the fewest instructions, since nothing is left to sum at the end; four lanes cut the
    time that a single row takes to a quarter, which is what counts where rows are few.

    Args:
        head_dim: D.
        rows: B·H·N.
        elements: `FORWARD` or `BACKWARD`.
    """
    width = power_of_two(head_dim)
    lanes = 1 if rows * width >= ENOUGH else 4
    return Rows(max(1, elements // (lanes * width)), lanes, width, warps=4)


def tile_config(head_dim: int, nodes: int, queries: int) -> Tile:
    """The whole-graph kernels' tile; tensor cores want at least 16 along every side.

    Wide heads take eight warps, narrow ones fewer: warps that find no rows of their own repeat each other's
    work. Few queries a step pad 81 nodes to 96 rather than 128.

    Args:
        head_dim: D.
        nodes: N.
        queries: `FORWARD_QUERIES` or `BACKWARD_QUERIES`.
    """
    columns = max(16, power_of_two(nodes))
    width = max(16, power_of_two(head_dim))
    warps = (2 if width <= 64 else 4) if columns <= 32 else (4 if width <= 32 else 8)
    return Tile(min(queries, columns), columns, width, warps)


def tile_pays(dtype: torch.dtype, nodes: int, entries: int, width: int) -> bool:
    """Whether the whole graph goes through dense tiles rather than row by row.

    Only for 16-bit inputs, whose products run exactly on tensor cores.

    Args:
        dtype: of the inputs.
        nodes: N.
        entries: E.
        width: D, the head dimension.
    """
    small = nodes <= TILE_NODES and width <= TILE_WIDTH
    fits = power_of_two(nodes) * power_of_two(width) <= TILE_NUMBERS
    close = nodes**2 <= TILE_PAIRS * entries
    return dtype in (torch.float16, torch.bfloat16) and small and fits and close
