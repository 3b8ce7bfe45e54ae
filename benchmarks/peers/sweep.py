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
class Setting:
    """One choice of everything that can be chosen.

    Attributes:
        tile: whether the whole graph goes through one dense tile.
        forward: `configs.FORWARD`, numbers of an operand; in a tile, `FORWARD_QUERIES`.
        backward: `configs.BACKWARD`; in a tile, `BACKWARD_QUERIES`.
        lanes: neighbours side by side; `configs.ENOUGH` decides between 1 and 4.
        warps: warps a program.
        part: `plan.PART`, neighbours above which a row is cut.
    """

    tile: bool
    forward: int
    backward: int
    lanes: int
    warps: int
    part: int


def current(tile: bool, heads: int, width: int, s: Structure, batch: int) -> Setting:
    """What the code chooses now."""
    if tile:
        shape = configs.tile_config(width, s.nodes, configs.FORWARD_QUERIES)
        return Setting(True, configs.FORWARD_QUERIES, configs.BACKWARD_QUERIES, 1, shape.warps, plans.PART)
    rows = configs.rows_config(width, batch * heads * s.nodes, configs.FORWARD)
    return Setting(False, configs.FORWARD, configs.BACKWARD, rows.lanes, rows.warps, plans.PART)


@contextmanager
def using(setting: Setting, s: Structure) -> Iterator[dict[Any, Any]]:
    """Run with a setting, and with tables of its own, which captured graphs need for as long as they run."""
    rows_config, tile_config = configs.rows_config, configs.tile_config

    def rows(head_dim: int, rows: int, elements: int) -> configs.Rows:
        width = rows_config(head_dim, rows, elements).width
        height = max(1, elements // (setting.lanes * width))
        return configs.Rows(height, setting.lanes, width, setting.warps)

    def tile(head_dim: int, nodes: int, queries: int) -> configs.Tile:
        return replace(tile_config(head_dim, nodes, queries), warps=setting.warps)

    sizes = ("FORWARD_QUERIES", "BACKWARD_QUERIES") if setting.tile else ("FORWARD", "BACKWARD")
    with ExitStack() as stack:
        for target, name, value in (
            (configs, sizes[0], setting.forward),
            (configs, sizes[1], setting.backward),
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


def variants(now: Setting, s: Structure, quick: bool) -> dict[str, list[Setting]]:
    """What to try, forward and backward separately; each list begins with `now`."""
    steps = (0.5, 1, 2) if quick else (0.25, 0.5, 1, 2, 4)
    warps = (now.warps,) if quick else (2, 4, 8)
    lanes = (1,) if now.tile else ((1, 4) if quick else (1, 2, 4, 8))
    found: dict[str, list[Setting]] = {}
    for kind in ("forward", "backward"):
        sizes = [int(getattr(now, kind) * step) for step in steps]
        if now.tile:
            sizes = [size for size in sizes if 16 <= size <= 128]
        tried = [
            replace(now, forward=size, lanes=count, warps=w)
            if kind == "forward"
            else replace(now, backward=size, lanes=count, warps=w)
            for size in sizes
            for count in lanes
            for w in warps
        ]
        found[kind] = [now, *(t for t in tried if t != now)]
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
        fields = ", ".join(f"{k} {v}" for k, v in asdict(setting).items())
        print(f"    {kind:8} {1e3 * taken.median:9.1f} µs  {gain}  {fields}", flush=True)
    return {
        "best": asdict(ranked[0][0]),
        "gain": None if base is None else float(f"{base / ranked[0][1].median:.4g}"),
        "all": [{**asdict(setting), **taken.json()} for setting, taken in ranked],
    }
