"""Attention row by row: the tables, the kernels and their order."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gsdmc.kernels.triton import configs
from gsdmc.kernels.triton.configs import power_of_two
from gsdmc.kernels.triton.inputs import Gradients, Inputs, accumulator, strides
from gsdmc.kernels.triton.merge import merge_gradients, merge_outputs
from gsdmc.kernels.triton.plan import Plan, plan
from gsdmc.kernels.triton.role_sums import role_sums
from gsdmc.kernels.triton.rows_backward import differentiate_rows, row_products
from gsdmc.kernels.triton.rows_forward import attend_rows
from gsdmc.kernels.triton.run import run

PARTS = 16  # of a split row, merged per step


def attend(x: Inputs) -> tuple[Tensor, Tensor]:
    """Output `[B, N, H, D]` and log-sum-exp `[B, H, N]`."""
    batch, heads, nodes, width = x.q.shape
    shape, p, constants = _layout(x, configs.FORWARD)
    steps, unit = strides(x.q, x.k, x.v)
    constants["UNIT"] = unit
    tables = (p.nodes, p.targets, p.starts, p.neighbours, p.sets)

    def launch(out: Tensor, lse: Tensor, first: int, slices: int, places: int) -> None:
        tensors = (x.q, x.k, x.v, x.set_bias, out, lse, *tables)
        sizes = (heads, first, slices, places, x.sets)
        run(attend_rows, batch * heads * slices, (*tensors, *steps, *sizes), constants, warps=shape.warps)

    out, lse = x.empty(), x.q.new_empty(batch, heads, nodes, dtype=x.kind)
    launch(out, lse, 0, p.whole, nodes)
    if p.split:
        part_out = x.q.new_empty(batch, p.parts, heads, width, dtype=x.kind)
        part_lse = x.q.new_empty(batch, heads, p.parts, dtype=x.kind)
        launch(part_out, part_lse, p.whole, p.split, p.parts)
        _merge(merge_outputs, (part_out, part_lse, out, lse), p, x)
    return out, lse


def differentiate(x: Inputs, d_out: Tensor, out: Tensor, lse: Tensor, biased: bool) -> Gradients:
    """Gradients for that of the output, `[B, H, N, D]` in any strides; of set_bias where `biased`."""
    batch, heads, nodes, width = x.q.shape
    shape, p, constants = _layout(x, configs.BACKWARD)
    steps, unit = strides(x.q, x.k, x.v, d_out)
    constants |= {"UNIT": unit, "KEEP": biased}
    tables = (p.nodes, p.targets, p.starts, p.neighbours, p.sets, p.mirrored)
    delta = _row_products(out, d_out, lse)
    d_scores = lse.new_empty(batch, heads, p.slots) if biased else None

    def launch(gradients: tuple[Tensor, ...], first: int, slices: int, places: int) -> None:
        tensors = (x.q, x.k, x.v, d_out, lse, delta, x.set_bias, *gradients, d_scores, *tables)
        sizes = (heads, first, slices, nodes, places, x.sets, p.slots)
        arguments = (*tensors, *steps, *sizes)
        run(differentiate_rows, batch * heads * slices, arguments, constants, warps=shape.warps)

    d_q, d_k, d_v = x.empty(), x.empty(), x.empty()
    launch((d_q, d_k, d_v), 0, p.whole, nodes)
    if p.split:
        parts = tuple(x.q.new_empty(batch, p.parts, heads, width, dtype=x.kind) for _ in range(3))
        launch(parts, p.whole, p.split, p.parts)
        _merge(merge_gradients, (*parts, d_q, d_k, d_v), p, x)
    return d_q, d_k, d_v, None if d_scores is None else role_sums(d_scores, p.groups)


def _layout(x: Inputs, elements: int) -> tuple[configs.Rows, Plan, dict[str, Any]]:
    batch, heads, nodes, width = x.q.shape
    elements = elements // 2 if x.kind == torch.float64 else elements
    shape = configs.rows_config(width, batch * heads * nodes, elements)
    constants = {"SCALE": x.scale, "ACC": accumulator(x.q), "BIASED": x.set_bias is not None}
    constants |= {"D": width, "BL": shape.rows, "BW": shape.lanes, "BD": shape.width}
    return shape, plan(x.structure, shape.rows, shape.lanes), constants


def _row_products(out: Tensor, d_out: Tensor, lse: Tensor) -> Tensor:
    batch, nodes, heads, width = out.shape
    rows = max(1, configs.FORWARD // power_of_two(width))
    blocks = -(-nodes // rows)
    steps, unit = strides(d_out)
    delta = torch.empty_like(lse)
    constants = {"UNIT": unit, "D": width, "BL": rows, "BD": power_of_two(width), "ACC": accumulator(out)}
    arguments = (out, d_out, delta, *steps, heads, nodes, blocks)
    run(row_products, batch * heads * blocks, arguments, constants, warps=4)
    return delta


def _merge(kernel: Any, tensors: tuple[Tensor, ...], p: Plan, x: Inputs) -> None:
    batch, heads, nodes, width = x.q.shape
    hubs = p.hubs.numel()
    constants = {"D": width, "BP": PARTS, "BD": power_of_two(width), "ACC": accumulator(x.q)}
    arguments = (*tensors, p.hubs, p.hub_parts, heads, hubs, p.parts, nodes)
    run(kernel, batch * heads * hubs, arguments, constants, warps=4)
