"""Attention row by row, compiled by numba, which gsdmc does not depend on.

A task is a block of rows of one head of one example. The forward pass keeps each row's log-sum-exp. The
backward pass uses the symmetry: whoever attends to row i is a neighbour of i, so that row i's task computes
the weights of (i, j) and of (j, i) anew and sums all three gradients of its own row; nothing is scattered.
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from gsdmc.kernels.structure import Structure

from .attentions import Attention

AVAILABLE = find_spec("numba") is not None
ROWS = 64  # of a task: large enough to hide what a task costs, small enough to share out

Array = NDArray[Any]


class Kernels(NamedTuple):
    """Both passes."""

    forward: Any
    backward: Any


def version() -> str | None:
    """None where it isn't installed."""
    try:
        return metadata.version("numba")
    except metadata.PackageNotFoundError:
        return None


def make(s: Structure, batch: int) -> Attention:
    """Compiled by the first call for a dtype.

    Raises:
        ModuleNotFoundError: numba isn't installed.
    """
    if not AVAILABLE:
        raise ModuleNotFoundError("numba isn't installed")
    numba = import_module("numba")
    numba.config.THREADING_LAYER = "workqueue"  # its OpenMP would change how many threads torch uses
    numba.set_num_threads(torch.get_num_threads())
    pointers, columns = (x.to(torch.int32).numpy() for x in (s.indptr, s.indices))
    longest = int(s.degrees.max())

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        rows = (x.transpose(1, 2).contiguous() for x in (q, k, v))  # [B, N, H, D]
        out: Tensor = _Attention.apply(*rows, pointers, columns, longest)  # type: ignore[no-untyped-call]
        return out.transpose(1, 2)

    return attend


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, pointers: Array, columns: Array, longest: int
    ) -> Tensor:
        batch, nodes, heads, width = q.shape
        out, lse = torch.empty_like(q), q.new_empty(batch, nodes, heads)
        tables = [x.detach().view(-1, width).numpy() for x in (q, k, v, out)]  # [B·N·H, D]
        scale = tables[0].dtype.type(width**-0.5)
        sums = lse.view(-1).numpy()
        _kernels().forward(*tables, sums, pointers, columns, longest, batch, heads, scale)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.rest = pointers, columns, batch, heads, scale
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out, lse = ctx.saved_tensors
        width, d_out = q.shape[3], d_out.contiguous()
        delta = torch.linalg.vecdot(d_out, out)  # [B, N, H]
        made = [torch.empty_like(x) for x in (q, k, v)]
        tables = [x.detach().view(-1, width).numpy() for x in (q, k, v, d_out, *made)]
        sums = (x.detach().view(-1).numpy() for x in (lse, delta))
        _kernels().backward(*tables, *sums, *ctx.rest)
        return *made, None, None, None


@lru_cache
def _kernels() -> Kernels:
    """Compiled when they are called, for each dtype.

    The width is an argument, since numba would unroll loops of a constant length instead of making them
    vectors; rows have unsigned numbers, since signed ones might count from the end.
    """
    numba = import_module("numba")
    prange = numba.prange
    options = {"fastmath": True, "error_model": "numpy"}

    def dot(a: Array, i: Any, b: Array, j: Any) -> Any:
        total = a.dtype.type(0)
        for d in range(np.uint64(a.shape[1])):
            total += a[i, d] * b[j, d]
        return total

    def add(sums: Array, i: Any, weight: Any, b: Array, j: Any) -> None:
        for d in range(np.uint64(sums.shape[1])):
            sums[i, d] += weight * b[j, d]

    def clear(sums: Array, i: Any) -> None:
        for d in range(np.uint64(sums.shape[1])):
            sums[i, d] = 0

    dot, add, clear = (numba.njit(inline="always", **options)(f) for f in (dot, add, clear))

    def forward(
        q: Array, k: Array, v: Array, out: Array, lse: Array, pointers: Array, columns: Array,
        longest: int, batch: int, heads: int, scale: Any,
    ) -> None:  # fmt: skip
        nodes = pointers.size - 1
        blocks = (nodes + ROWS - 1) // ROWS
        for task in prange(batch * heads * blocks):
            block, head = task % blocks, task // blocks % heads
            offset = task // blocks // heads * nodes
            scores = np.empty(longest, q.dtype)
            for i in range(block * ROWS, min(nodes, block * ROWS + ROWS)):
                own, first, last = np.uint64((offset + i) * heads + head), pointers[i], pointers[i + 1]
                top = q.dtype.type(-np.inf)
                for e in range(first, last):
                    other = np.uint64((offset + columns[e]) * heads + head)
                    score = dot(q, own, k, other) * scale
                    scores[e - first] = score
                    top = max(top, score)
                total = q.dtype.type(0)
                for e in range(last - first):
                    scores[e] = math.exp(scores[e] - top)
                    total += scores[e]
                lse[own] = top + math.log(total)
                clear(out, own)
                for e in range(first, last):
                    other = np.uint64((offset + columns[e]) * heads + head)
                    add(out, own, scores[e - first] / total, v, other)

    def backward(
        q: Array, k: Array, v: Array, d_out: Array, d_q: Array, d_k: Array, d_v: Array, lse: Array,
        delta: Array, pointers: Array, columns: Array, batch: int, heads: int, scale: Any,
    ) -> None:  # fmt: skip
        nodes = pointers.size - 1
        blocks = (nodes + ROWS - 1) // ROWS
        for task in prange(batch * heads * blocks):
            block, head = task % blocks, task // blocks % heads
            offset = task // blocks // heads * nodes
            for i in range(block * ROWS, min(nodes, block * ROWS + ROWS)):
                own = np.uint64((offset + i) * heads + head)
                clear(d_q, own)
                clear(d_k, own)
                clear(d_v, own)
                for e in range(pointers[i], pointers[i + 1]):
                    other = np.uint64((offset + columns[e]) * heads + head)
                    there = back = d_there = d_back = q.dtype.type(0)
                    for d in range(np.uint64(q.shape[1])):  # one loop for all four products
                        there += q[own, d] * k[other, d]
                        back += q[other, d] * k[own, d]
                        d_there += d_out[own, d] * v[other, d]
                        d_back += d_out[other, d] * v[own, d]
                    weight = math.exp(back * scale - lse[other])
                    d_there = math.exp(there * scale - lse[own]) * (d_there - delta[own]) * scale
                    d_back = weight * (d_back - delta[other]) * scale
                    add(d_q, own, d_there, k, other)
                    add(d_k, own, d_back, q, other)
                    add(d_v, own, weight, d_out, other)

    return Kernels(*(numba.njit(parallel=True, **options)(f) for f in (forward, backward)))
