"""Tile sizes of the triton kernels, tried one against another: what kernels/triton/configs.py should say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs
from gsdmc.kernels.triton import plan as plans

from . import check, timing
from .attentions import Attention
from .cuda import Device


@dataclass(frozen=True)
class Shape:
    """A tile of one pass.

    Attributes:
        size: `configs.FORWARD` or `BACKWARD`, numbers of an operand; of a whole graph's tile, its queries.
        lanes: neighbours side by side; `configs.ENOUGH` decides between 1 and 4.
        warps: warps a program.
    """

    size: int
    lanes: int
    warps: int


@dataclass(frozen=True)
class Setting:
    """One choice of everything that can be chosen.

    Attributes:
        tile: whether the whole graph goes through one dense tile.
        forward: of the forward pass.
        backward: of the backward pass.
        part: `plan.PART`, neighbours above which a row is cut.
    """

    tile: bool
    forward: Shape
    backward: Shape
    part: int


class Sized(int):
    """A size that remembers its shape on its way from `configs` through the kernels' launchers and back."""

    shape: Shape

    @staticmethod
    def of(shape: Shape) -> Sized:
        """The size of a shape."""
        size = Sized(shape.size)
        size.shape = shape
        return size


def current(tile: bool, heads: int, width: int, s: Structure, batch: int) -> Setting:
    """What the code chooses now."""
    if tile:
        sizes = (configs.FORWARD_QUERIES, configs.BACKWARD_QUERIES)
        shapes = [Shape(n, 1, configs.tile_config(width, s.nodes, n).warps) for n in sizes]
    else:
        found = [
            (n, configs.rows_config(width, batch * heads * s.nodes, n))
            for n in (configs.FORWARD, configs.BACKWARD)
        ]
        shapes = [Shape(n, rows.lanes, rows.warps) for n, rows in found]
    return Setting(tile, shapes[0], shapes[1], plans.PART)


@contextmanager
def using(setting: Setting, s: Structure) -> Iterator[dict[Any, Any]]:
    """Run with a setting, and with tables of its own, which captured graphs need for as long as they run."""
    rows_config, tile_config = configs.rows_config, configs.tile_config

    def rows(head_dim: int, rows: int, elements: int) -> configs.Rows:
        assert isinstance(elements, Sized)
        width, shape = rows_config(head_dim, rows, elements).width, elements.shape
        return configs.Rows(max(1, elements // (shape.lanes * width)), shape.lanes, width, shape.warps)

    def tile(head_dim: int, nodes: int, queries: int) -> configs.Tile:
        assert isinstance(queries, Sized)
        return replace(tile_config(head_dim, nodes, queries), warps=queries.shape.warps)

    sizes = ("FORWARD_QUERIES", "BACKWARD_QUERIES") if setting.tile else ("FORWARD", "BACKWARD")
    with ExitStack() as stack:
        for target, name, value in (
            (configs, sizes[0], Sized.of(setting.forward)),
            (configs, sizes[1], Sized.of(setting.backward)),
            (configs, "rows_config", rows),
            (configs, "tile_config", tile),
            (configs, "tile_pays", lambda *_: setting.tile),
            (plans, "PART", setting.part),
        ):
            stack.enter_context(patch.object(target, name, value))
        before, tables = s.cache, dict[Any, Any]()
        s.__dict__["cache"] = tables  # where cached_property keeps it
        try:
            yield tables
        finally:
            s.__dict__["cache"] = before


def variants(now: Setting, quick: bool) -> dict[str, list[Setting]]:
    """What to try for one pass, the other as it is; each list begins with `now`."""
    steps = (0.5, 1, 2) if quick else (0.25, 0.5, 1, 2, 4)
    lanes = (1,) if now.tile else ((1, 4) if quick else (1, 2, 4, 8))
    found: dict[str, list[Setting]] = {}
    for kind, shape in (("forward", now.forward), ("backward", now.backward)):
        sizes = [int(shape.size * step) for step in steps]
        if now.tile:
            sizes = [size for size in sizes if 16 <= size <= 128]
        shapes = [
            Shape(size, count, warps)
            for size in sizes
            for count in lanes
            for warps in ((shape.warps,) if quick else (2, 4, 8))
        ]
        tried = [
            replace(now, forward=x) if kind == "forward" else replace(now, backward=x)
            for x in shapes
            if x != shape
        ]  # fmt: skip
        found[kind] = [now, *tried]
    return found


def parts(best: Setting, s: Structure) -> list[Setting]:
    """The same with rows cut elsewhere, where rows are long enough."""
    longest = int(s.degrees.max())
    sizes = [size for size in (32, 64, 128, 256) if size < 2 * longest and size != best.part]
    return [best, *(replace(best, part=size) for size in sizes)] if not best.tile and sizes else [best]


def best_of(
    settings: list[Setting],
    kind: str,
    s: Structure,
    tensors: list[Tensor],
    bias: Tensor,
    exact: list[Tensor],
    tolerance: float,
    device: Device,
    rounds: int,
) -> list[tuple[Setting, timing.Spread]]:
    """All settings that are right, fastest first; `forward` alone, or both passes for `backward`."""

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return sparse_attention(q, k, v, s, bias, backend="triton")

    samplers: dict[str, timing.Sampler] = {}
    tried: dict[str, Setting] = {}
    kept: list[dict[Any, Any]] = []
    for setting in settings:
        name = str(setting)
        try:
            with using(setting, s) as tables:
                kept.append(tables)
                got = check.examples(check.forward_backward(attend, tensors, bias))
                if not check.error(got, exact) <= tolerance:
                    print(f"    wrong: {setting}")
                    continue
                samplers[name] = device.graph(partial(_run, kind, attend, tensors, bias))
            tried[name] = setting
        except Exception as problem:  # too much shared memory, say; triton's errors have no common base
            print(f"    {setting}: {type(problem).__name__}: {str(problem).splitlines()[0][:100]}")
    samples = timing.interleaved(samplers, 0.0, rounds, rounds)
    ranked = [(tried[name], timing.spread(taken)) for name, taken in samples.items()]
    return sorted(ranked, key=lambda pair: pair[1].median)


def _run(kind: str, attend: Attention, tensors: list[Tensor], bias: Tensor) -> list[Tensor]:
    if kind == "forward":
        return check.forward(attend, tensors)
    return check.forward_backward(attend, tensors, bias)


def ranking(
    kind: str, ranked: list[tuple[Setting, timing.Spread]], now: Setting, shown: int
) -> dict[str, Any]:
    """Print the fastest and the one in use, and return them all."""
    times = {setting: taken.median for setting, taken in ranked}
    if not ranked:
        return {}
    base = times.get(now)
    for setting, taken in ranked[:shown]:
        gain = f"{base / taken.median:5.2f}× the present" if base else ""
        shape = asdict(setting.forward if kind == "forward" else setting.backward)
        fields = ", ".join(f"{k} {v}" for k, v in shape.items()) + f", part {setting.part}"
        print(f"    {kind:8} {1e3 * taken.median:9.1f} µs  {gain}  {fields}", flush=True)
    return {
        "best": asdict(ranked[0][0]),
        "gain": None if base is None else float(f"{base / ranked[0][1].median:.4g}"),
        "all": [{**asdict(setting), **taken.json()} for setting, taken in ranked],
    }
