"""The page's parts about training: curves, settings, and what it ran on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from gsdmc.graph.text import counted, shorten
from gsdmc.inference.evidence.queries import describe
from gsdmc.inference.page.charts import Line, curves
from gsdmc.inference.page.gather import Contents
from gsdmc.inference.page.scales import shown
from gsdmc.inference.page.tags import facts, figure, folded, note, table

Point = TypeVar("Point")

MOST_POINTS = 1000
"""Of a curve."""

LOGARITHMIC = 4.0
"""Ratio of the largest loss to the least from which on a curve's axis is logarithmic."""

LONGEST, MOST_SETTINGS = 300, 400


def training_html(c: Contents) -> str:
    """How training went."""
    run = c.model.trained.run
    seconds = c.model.metrics.get("seconds")
    pairs: list[tuple[str, object]] = [
        ("query", describe(c.model.problem.givens)),
        ("steps", f"{run['steps']:,}, seed {run['seed']}"),
    ]
    if isinstance(run.get("simulations"), int):
        pairs.append(("data", counted(run["simulations"], "fixed simulation")))
    if isinstance(run.get("vary"), dict) and run["vary"]:
        ranges = (f"{name} in {_short(own)}" for name, own in run["vary"].items())
        pairs.append(("sizes", "drawn anew for every batch: " + ", ".join(ranges)))
    if isinstance(seconds, int | float) and seconds > 0:
        pairs.append(("time", duration(seconds)))
    if c.curve:
        pairs.append(("loss at the end", shown(c.curve[-1][1])))
    if run.get("ended") is not None:
        pairs.append(("ended by", _short(run["ended"])))
    return facts(pairs) + f'<div class="charts">{_loss(c)}{_rate(c)}</div>'


def _loss(c: Contents) -> str:
    points = [(float(step), loss) for step, loss in thinned(c.curve) if math.isfinite(loss)]
    if len(points) < 2:
        return note("too few steps for a curve of the loss")
    losses = [loss for _, loss in points]
    log = min(losses) > 0 and max(losses) > LOGARITHMIC * min(losses)
    first, last = (f"{shown(loss)} at step {shown(step)}" for step, loss in (points[0], points[-1]))
    words = f"loss from {first} to {last}"
    start = (0.0, points[-1][0])
    chart = curves([Line(points, "loss")], words, "step", "loss", x_range=start, log=log)
    return figure(chart, "training loss, each point the mean since the one before")


def _rate(c: Contents) -> str:
    rows = [r for r in thinned(c.log) if math.isfinite(r.rate) and r.step >= 0]
    if len(rows) < 2:
        return ""
    points = [(float(r.step), r.rate) for r in rows]
    words = f"learning rate over {shown(points[-1][0])} steps, as a share of its peak"
    ends, share = (0.0, points[-1][0]), (0.0, max(rate for _, rate in points) or 1.0)
    line = Line(points, "rate", 1)
    chart = curves([line], words, "step", "share of the peak rate", x_range=ends, y_range=share)
    return figure(chart, "learning rate")


def thinned(points: list[Point]) -> list[Point]:
    """At most so many points, the last one kept."""
    every = -(-len(points) // MOST_POINTS) or 1
    return points[::-1][::every][::-1]


def settings_html(c: Contents) -> str:
    """Every setting of the run, by its name."""
    trained, problem = c.model.trained, c.model.problem
    network = trained.denoiser.config
    options = " ".join(problem.options.words())
    head = facts(
        [
            ("preset", trained.config.preset),
            (
                "network",
                f"{counted(network.layers, 'layer')} of width {network.width}, {network.heads} heads",
            ),
            ("rounds of attention", f"{network.depth:,}"),
            ("weights", f"{c.model.parameters:,}"),
            *([("compile options", options)] if options else []),
        ]
    )
    return head + folded("all settings", table(("Setting", "Value"), flat(trained.config.to_json())))


def hardware_html(c: Contents) -> str:
    """What the run ran on, and how its steps ran and why."""
    metrics = c.model.metrics
    found = [
        (title, flat(metrics[key]))
        for title, key in (("machine", "hardware"), ("how steps ran", "acceleration"))
        if isinstance(metrics.get(key), dict) and metrics[key]
    ]
    rate = metrics.get("steps_per_second")
    head = facts([("steps per second", shown(float(rate)))] if isinstance(rate, int | float) else [])
    tables = "".join(table((title, ""), rows) for title, rows in found)
    return head + tables or note("the run kept no record of it")


def flat(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nested settings as a row each, under names with dots."""
    return [row for row, _ in zip(_flat(data, ""), range(MOST_SETTINGS), strict=False)]


def _flat(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if isinstance(value, Mapping) and value and prefix.count(".") < 4:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"[:LONGEST], _short(value)


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        words = ", ".join(map(str, value[:20]))
    elif isinstance(value, bool):
        words = "yes" if value else "no"
    else:
        words = "none" if value is None else str(value)
    return shorten(words, LONGEST)


def duration(seconds: float) -> str:
    """`95 s`, `12 min`, `3 h 20 min`."""
    if not math.isfinite(seconds) or seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
