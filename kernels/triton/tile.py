"""Attention of a small graph as one dense tile under a mask: the tables and the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import triton.language as tl
from torch import Tensor

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs
from gsdmc.kernels.triton.inputs import Gradients, Inputs, strides
from gsdmc.kernels.triton.role_sums import Groups, group, role_sums
from gsdmc.kernels.triton.run import interpreted, run
from gsdmc.kernels.triton.tile_kernels import attend_tile, differentiate_tile


@dataclass(eq=False)
class Table:
    """The structure as dense tables of the tile's size.

    Attributes:
        sets: `[BN, BN]` the role set of each pair, -1 where there is no entry.
        entries: `[BN, BN]` the number of each entry, -1 where there is none.
        groups: entries by role set.
    """

    sets: Tensor
    entries: Tensor
    groups: Groups


def attend(x: Inputs) -> tuple[Tensor, Tensor]:
    """Output `[B, N, H, D]` and log-sum-exp `[B, H, N]`."""
    batch, heads, nodes, _ = x.q.shape
    shape, t, constants = _layout(x, configs.FORWARD_QUERIES)
    steps, constants["UNIT"] = strides(x.q, x.k, x.v)
    blocks = -(-nodes // shape.rows)
    out, lse = x.empty(), x.q.new_empty(batch, heads, nodes, dtype=x.kind)
    tensors = (x.q, x.k, x.v, x.set_bias, out, lse, t.sets)
    arguments = (*tensors, *steps, heads, nodes, blocks, x.sets)
    run(attend_tile, batch * heads * blocks, arguments, constants, warps=shape.warps)
    return out, lse


def differentiate(x: Inputs, d_out: Tensor, out: Tensor, lse: Tensor, biased: bool) -> Gradients:
    """Gradients for that of the output, `[B, H, N, D]` in any strides; of set_bias where `biased`."""
    batch, heads, nodes, _ = x.q.shape
    shape, t, constants = _layout(x, configs.BACKWARD_QUERIES)
    steps, constants["UNIT"] = strides(x.q, x.k, x.v, d_out)
    constants["KEEP"] = biased
    entries = x.structure.entries
    d_scores = lse.new_empty(batch, heads, entries) if biased else None
    d_q, d_k, d_v = x.empty(), x.empty(), x.empty()
    tensors = (x.q, x.k, x.v, d_out, out, lse, x.set_bias, d_q, d_k, d_v, d_scores, t.sets, t.entries)
    arguments = (*tensors, *steps, heads, nodes, x.sets, entries)
    run(differentiate_tile, batch * heads, arguments, constants, warps=shape.warps)
    return d_q, d_k, d_v, None if d_scores is None else role_sums(d_scores, t.groups)


def table(structure: Structure, columns: int) -> Table:
    """Dense tables of `columns` rows and columns; made once per structure and kept in its cache."""
    key = ("triton table", columns)
    if key not in structure.cache:
        entry = torch.arange(structure.entries, device=structure.indptr.device)
        groups = group(entry, structure.role_sets, structure.membership.shape[0])
        sets, entries = (_dense(structure, values, columns) for values in (structure.role_sets, entry))
        structure.cache[key] = Table(sets, entries, groups)
    found = structure.cache[key]
    assert isinstance(found, Table)
    return found


def _dense(s: Structure, values: Tensor, columns: int) -> Tensor:
    """One value of each entry; at most 128² of them, so 16 bits hold their numbers."""
    dense = torch.full((columns, columns), -1, dtype=torch.int16, device=values.device)
    dense[s.rows, s.indices] = values.to(torch.int16)
    return dense


def _layout(x: Inputs, queries: int) -> tuple[configs.Tile, Table, dict[str, Any]]:
    nodes, width = x.q.shape[2:]
    shape = configs.tile_config(width, nodes, queries)
    constants = {"SCALE": x.scale, "DOT": _product(x.q), "BIASED": x.set_bias is not None}
    constants |= {"D": width, "BM": shape.rows, "BN": shape.columns, "BD": shape.width}
    return shape, table(x.structure, shape.columns), constants


def _product(q: Tensor) -> Any:
    if q.dtype == torch.bfloat16 and not interpreted():  # the interpreter would multiply the bits
        return tl.bfloat16
    return tl.float16 if q.dtype == torch.float16 else tl.float32
