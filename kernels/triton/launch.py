"""Attention and its gradients on a GPU: which kernels run, on what, in which order."""

from __future__ import annotations

import math
from typing import Any

import torch
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs
from gsdmc.kernels.triton.merge import merge_gradients, merge_outputs
from gsdmc.kernels.triton.plan import Plan, plan
from gsdmc.kernels.triton.role_sums import role_sums
from gsdmc.kernels.triton.rows_backward import differentiate_rows, row_products
from gsdmc.kernels.triton.rows_forward import attend_rows
from gsdmc.kernels.triton.run import interpreted, run
from gsdmc.kernels.triton.tile import attend_tile, differentiate_tile, table

PARTS = 16  # of a split row, merged per step


def attend(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, role_bias: Tensor | None, scale: float
) -> Tensor:
    """Softmax attention over each node's neighbours; q, k, v `[B, H, N, D]`, role_bias `[H, R]`.

    Half precision is computed in float32, float64 in float64. Tensors are read by their strides; only one whose last
    dimension isn't contiguous is copied. The kernels are compiled anew for each `scale`.
    """
    set_bias = None
    if role_bias is not None:
        kind = _kind(q)
        with torch.autocast(q.device.type, enabled=False):
            set_bias = role_bias.to(kind) @ structure.membership.to(kind).T  # [H, S]
    out: Tensor = _Attention.apply(q, k, v, set_bias, structure, scale)  # type: ignore[no-untyped-call]
    return out


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        set_bias: Tensor | None,
        structure: Structure,
        scale: float,
    ) -> Tensor:
        q, k, v = (_last_contiguous(x) for x in (q, k, v))
        tiled = configs.tile_pays(q, structure)
        out, lse = _empty(q), q.new_empty(q.shape[:3], dtype=_kind(q))
        (_attend_tile if tiled else _attend_rows)(q, k, v, set_bias, out, lse, structure, scale)
        ctx.save_for_backward(q, k, v, set_bias, out, lse)
        ctx.structure, ctx.scale, ctx.tiled = structure, scale, tiled
        return out.transpose(1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, set_bias, out, lse = ctx.saved_tensors
        d_out = _last_contiguous(d_out)
        differentiate = _differentiate_tile if ctx.tiled else _differentiate_rows
        keep = ctx.needs_input_grad[3]
        *gradients, d_bias = differentiate(q, k, v, d_out, set_bias, out, lse, ctx.structure, ctx.scale, keep)
        return *(x.transpose(1, 2) for x in gradients), d_bias, None, None


def _attend_rows(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    set_bias: Tensor | None,
    out: Tensor,
    lse: Tensor,
    structure: Structure,
    scale: float,
) -> None:
    batch, heads, nodes, width = q.shape
    shape, constants = _rows(q, scale, configs.FORWARD)
    p = plan(structure, shape.rows, shape.lanes)
    tables = (p.nodes, p.targets, p.starts, p.neighbours, p.sets)
    strides, unit = _strides(q, k, v)
    sets = structure.membership.shape[0]
    constants |= {"UNIT": unit, "BIASED": set_bias is not None}

    def launch(out: Tensor, lse: Tensor, first: int, slices: int, places: int) -> None:
        arguments = (q, k, v, set_bias, out, lse, *tables, *strides, heads, first, slices, places, sets)
        run(attend_rows, batch * heads * slices, arguments, constants, warps=shape.warps)

    launch(out, lse, 0, p.whole, nodes)
    if p.split:
        part_out = q.new_empty(batch, p.parts, heads, width, dtype=lse.dtype)
        part_lse = q.new_empty(batch, heads, p.parts, dtype=lse.dtype)
        launch(part_out, part_lse, p.whole, p.split, p.parts)
        _merge(merge_outputs, (part_out, part_lse, out, lse), p, q)


def _differentiate_rows(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    d_out: Tensor,
    set_bias: Tensor | None,
    out: Tensor,
    lse: Tensor,
    structure: Structure,
    scale: float,
    keep: bool,
) -> tuple[Tensor | None, ...]:
    batch, heads, nodes, width = q.shape
    shape, constants = _rows(q, scale, configs.BACKWARD)
    p = plan(structure, shape.rows, shape.lanes)
    delta = _row_products(out, d_out, lse)
    d_q, d_k, d_v = _empty(q), _empty(k), _empty(v)
    d_scores = lse.new_empty(batch, heads, p.slots) if keep else None
    tables = (p.nodes, p.targets, p.starts, p.neighbours, p.sets, p.mirrored)
    strides, unit = _strides(q, k, v, d_out)
    sets = structure.membership.shape[0]
    constants |= {"UNIT": unit, "BIASED": set_bias is not None, "KEEP": keep}

    def launch(gradients: tuple[Tensor, ...], first: int, slices: int, places: int) -> None:
        tensors = (q, k, v, d_out, lse, delta, set_bias, *gradients, d_scores, *tables)
        arguments = (*tensors, *strides, heads, first, slices, nodes, places, sets, p.slots)
        run(differentiate_rows, batch * heads * slices, arguments, constants, warps=shape.warps)

    launch((d_q, d_k, d_v), 0, p.whole, nodes)
    if p.split:
        parts = tuple(q.new_empty(batch, p.parts, heads, width, dtype=lse.dtype) for _ in range(3))
        launch(parts, p.whole, p.split, p.parts)
        _merge(merge_gradients, (*parts, d_q, d_k, d_v), p, q)
    return d_q, d_k, d_v, None if d_scores is None else role_sums(d_scores, p.groups)


def _row_products(out: Tensor, d_out: Tensor, lse: Tensor) -> Tensor:
    batch, nodes, heads, width = out.shape
    padded = configs.power_of_two(width)
    rows = max(1, configs.FORWARD // padded)
    blocks = -(-nodes // rows)
    delta = torch.empty_like(lse)
    strides, unit = _strides(d_out)
    constants = {"UNIT": unit, "D": width, "BL": rows, "BD": padded, "ACC": _accumulator(out)}
    arguments = (out, d_out, delta, *strides, heads, nodes, blocks)
    run(row_products, batch * heads * blocks, arguments, constants, warps=4)
    return delta


def _merge(kernel: Any, tensors: tuple[Tensor, ...], p: Plan, q: Tensor) -> None:
    batch, heads, nodes, width = q.shape
    hubs = p.hubs.numel()
    constants = {"D": width, "BP": PARTS, "BD": configs.power_of_two(width), "ACC": _accumulator(q)}
    arguments = (*tensors, p.hubs, p.hub_parts, heads, hubs, p.parts, nodes)
    run(kernel, batch * heads * hubs, arguments, constants, warps=4)


def _attend_tile(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    set_bias: Tensor | None,
    out: Tensor,
    lse: Tensor,
    structure: Structure,
    scale: float,
) -> None:
    batch, heads, nodes, _ = q.shape
    shape, constants = _tile(q, scale, configs.FORWARD_QUERIES)
    blocks = -(-nodes // shape.rows)
    strides, unit = _strides(q, k, v)
    tensors = (q, k, v, set_bias, out, lse, table(structure, shape.columns).sets)
    arguments = (*tensors, *strides, heads, nodes, blocks, structure.membership.shape[0])
    constants |= {"UNIT": unit, "BIASED": set_bias is not None}
    run(attend_tile, batch * heads * blocks, arguments, constants, warps=shape.warps)


def _differentiate_tile(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    d_out: Tensor,
    set_bias: Tensor | None,
    out: Tensor,
    lse: Tensor,
    structure: Structure,
    scale: float,
    keep: bool,
) -> tuple[Tensor | None, ...]:
    batch, heads, nodes, _ = q.shape
    shape, constants = _tile(q, scale, configs.BACKWARD_QUERIES)
    t = table(structure, shape.columns)
    d_q, d_k, d_v = _empty(q), _empty(k), _empty(v)
    d_scores = lse.new_empty(batch, heads, structure.entries) if keep else None
    strides, unit = _strides(q, k, v, d_out)
    tensors = (q, k, v, d_out, out, lse, set_bias, d_q, d_k, d_v, d_scores, t.sets, t.entries)
    arguments = (*tensors, *strides, heads, nodes, structure.membership.shape[0], structure.entries)
    constants |= {"UNIT": unit, "BIASED": set_bias is not None, "KEEP": keep}
    run(differentiate_tile, batch * heads, arguments, constants, warps=shape.warps)
    return d_q, d_k, d_v, None if d_scores is None else role_sums(d_scores, t.groups)


def _rows(q: Tensor, scale: float, elements: int) -> tuple[configs.Rows, dict[str, Any]]:
    batch, heads, nodes, width = q.shape
    elements = elements if q.dtype != torch.float64 else elements // 2
    shape = configs.rows_config(width, batch * heads * nodes, elements)
    sizes = {"D": width, "BL": shape.rows, "BW": shape.lanes, "BD": shape.width}
    return shape, {"SCALE": scale, **sizes, "ACC": _accumulator(q)}


def _tile(q: Tensor, scale: float, queries: int) -> tuple[configs.Tile, dict[str, Any]]:
    shape = configs.tile_config(q.shape[3], q.shape[2], queries)
    sizes = {"D": q.shape[3], "BM": shape.rows, "BN": shape.columns, "BD": shape.width}
    return shape, {"SCALE": scale, **sizes, "DOT": _product(q)}


def _strides(*tensors: Tensor) -> tuple[tuple[int, ...], int]:
    """Strides of batch, head and node of each tensor, in a unit that divides them all, at most 8 numbers.

    The unit is a constant of the kernels: how far loads are aligned, and so how much one load may take.
    """
    strides = [s for x in tensors for s in x.stride()[:3]]
    unit = math.gcd(*strides, 8)
    return tuple(s // unit for s in strides), unit


def _product(q: Tensor) -> Any:
    if q.dtype == torch.bfloat16 and not interpreted():  # the interpreter would multiply the bits
        return tl.bfloat16
    return tl.float16 if q.dtype == torch.float16 else tl.float32


def _kind(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def _accumulator(x: Tensor) -> Any:
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def _last_contiguous(x: Tensor) -> Tensor:
    return x if x.stride(3) == 1 else x.contiguous()


def _empty(x: Tensor) -> Tensor:
    """Of x's size, dtype and device, in the network's order `[B, N, H, D]`: joining heads costs no copy."""
    batch, heads, nodes, width = x.shape
    return x.new_empty(batch, nodes, heads, width)
