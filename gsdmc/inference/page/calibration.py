"""The page's part about calibration, from the figures that `gsdmc calibrate` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from gsdmc.inference.diagnostics.calibration import ALPHA
from gsdmc.inference.diagnostics.plots import BAND, MOST
from gsdmc.inference.page.charts import COLOURS, Band, Line, curves, drawing, written
from gsdmc.inference.page.scales import Scale, shown
from gsdmc.inference.page.tags import chip, facts, figure, note, table, text
from gsdmc.language.source import GsdmcError
from gsdmc.training.reading import checked, damage

SHOWN = (0.5, 0.8, 0.9, 0.95)
"""Levels of coverage in the table."""

CURVES = 16
"""Arrays that get a curve of coverage."""

LARGEST = 64 << 20
"""Bytes of the largest file that is read."""

SMALL, TALL = 160.0, 112.0
"""Units of a histogram of ranks."""


@dataclass(frozen=True)
class Ranks:
    """A histogram of ranks, as `RankTest.to_json` has it."""

    name: str
    problems: int
    p: float
    edges: list[int]
    counts: list[int]
    coverage: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Coverage:
    """An array's coverage at all levels."""

    p: float
    coverage: list[float]


@dataclass(frozen=True)
class Figures:
    """What `Calibration.to_json` has."""

    program: str
    sizes: dict[str, int]
    query: str
    problems: int
    draws: int
    seed: int
    p: float
    uniform: bool
    levels: list[float]
    arrays: dict[str, Coverage]
    quantities: list[Ranks]
    density: Ranks | None
    tarp: Ranks
    c2st: dict[str, float]


def read_figures(path: Path) -> Figures:
    """The figures in a file that `gsdmc calibrate` wrote.

    Raises:
        GsdmcError: it can't be read, or holds something else.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise GsdmcError(f"{path} is too large for figures of a calibration")
        content = path.read_bytes()
    except OSError as error:
        raise GsdmcError(
            f"{path} can't be read: {error.strerror}", hint="gsdmc calibrate MODEL --out DIR writes it"
        ) from None
    with damage(path):
        return figures_of(json.loads(content.decode("utf-8")))


def figures_of(data: Any) -> Figures:
    """Figures from what JSON holds.

    Raises:
        ValueError: it is something else.
    """
    checked(data, Figures, "it")
    plain = {f.name: data[f.name] for f in fields(Figures)}
    arrays = {name: Coverage(**own) for name, own in plain["arrays"].items()}
    quantities = [Ranks(**own) for own in plain["quantities"]]
    density = None if plain["density"] is None else Ranks(**plain["density"])
    tarp = Ranks(**plain["tarp"])
    parts = {"arrays": arrays, "quantities": quantities, "density": density, "tarp": tarp}
    found = Figures(**{**plain, **parts})
    if found.problems < 1 or found.draws < 1 or not _shares(found.levels):
        raise ValueError("it is of no problems, no draws, or levels that are no shares")
    both = (found.tarp,) if density is None else (density, found.tarp)
    for ranks in (*quantities, *both):
        steps = np.diff(np.array(ranks.edges, dtype=np.float64))
        good = len(ranks.edges) == len(ranks.counts) + 1 > 1 and bool((steps > 0).all())
        if not good or min(ranks.counts) < 0 or sum(ranks.counts) != ranks.problems:
            raise ValueError(f"the histogram of {ranks.name[:80]} is none")
    for curve in (*arrays.values(), *both):
        if len(curve.coverage) != len(found.levels) or not _shares(curve.coverage):
            raise ValueError("a curve has not a share for every level")
    return found


def _shares(numbers: list[float]) -> bool:
    return all(-1e-9 <= number <= 1 + 1e-9 for number in numbers)


def calibration_html(c: Figures) -> str:
    """Figures, coverage and ranks."""
    sizes = ", ".join(f"{name}={size}" for name, size in c.sizes.items())
    verdict = "pass for uniform" if c.uniform else "are not uniform"
    head = facts(
        [
            ("program", f"{c.program} ({sizes})" if sizes else c.program),
            ("query", c.query),
            ("problems", f"{c.problems:,}, {c.draws:,} posterior draws each, seed {c.seed}"),
            ("ranks", f"of {len(c.quantities):,} quantities {verdict}, p = {c.p:.3g} (Bonferroni)"),
            *((f"C2ST, {name}", f"{accuracy:.3f}") for name, accuracy in c.c2st.items()),
        ]
    )
    named: list[tuple[str, float, list[float]]] = [(n, a.p, a.coverage) for n, a in c.arrays.items()]
    if c.density is not None:
        named.append(("highest density", c.density.p, c.density.coverage))
    named.append(("TARP", c.tarp.p, c.tarp.coverage))
    rows = [
        (name, f"{p:.2g}", *(f"{100 * np.interp(level, c.levels, curve):.1f}" for level in SHOWN))
        for name, p, curve in named
    ]
    header = ("", "p", *(f"{level:.0%}" for level in SHOWN))
    caption = "How often intervals of a level hold the truth, in %"
    return "\n".join(
        [
            head,
            _coverage(c, named),
            table(header, rows, right=range(1, len(header)), caption=caption),
            "<h3>Ranks of the truth among posterior draws</h3>",
            _histograms(c),
        ]
    )


def _coverage(c: Figures, named: list[tuple[str, float, list[float]]]) -> str:
    drawn = [*named[: min(CURVES, len(c.arrays))], *named[len(c.arrays) :]]
    lines = [Line([(0.0, 0.0), (1.0, 1.0)], number=-1)]
    lines += [
        Line(list(zip(c.levels, curve, strict=True)), name, n) for n, (name, _, curve) in enumerate(drawn)
    ]
    levels = np.array(c.levels)
    low, high = (
        np.asarray(binom.ppf(q, c.problems, levels) / c.problems) for q in ((1 - BAND) / 2, (1 + BAND) / 2)
    )
    band = Band(list(zip(levels.tolist(), low.tolist(), high.tolist(), strict=True)))
    words = f"coverage against level of {', '.join(line.name for line in lines[1:])}"
    chart = curves(
        lines, words, "level", "share of truths inside", bands=[band], x_range=(0, 1), y_range=(0, 1)
    )
    legend = "".join(chip(f"var(--c{line.number % COLOURS})", line.name) for line in lines[1:])
    more = len(named) - len(drawn)
    return (
        figure(chart, f"grey: the {BAND:.0%} band of a right sampler")
        + f'<ul class="legend" aria-label="curves">{legend}</ul>'
        + (note(f"{more} more arrays are in the table alone") if more else "")
    )


def _histograms(c: Figures) -> str:
    """Shares of the ranks in each bin, 1 where a sampler is right; of many quantities the least p-values."""
    extra = [ranks for ranks in (c.density, c.tarp) if ranks is not None]
    tests = c.quantities
    left_out = max(0, len(tests) + len(extra) - MOST)
    if left_out:
        worst = sorted(range(len(tests)), key=lambda n: tests[n].p)[: MOST - len(extra)]
        tests = [tests[n] for n in sorted(worst)]
    panels = "".join(
        f'<figure>{_histogram(t, c.draws)}<figcaption class="{"bad" if t.p < ALPHA else "good"}">'
        f"{text(t.name)}<br>p = {t.p:.2g}</figcaption></figure>"
        for t in (*tests, *extra)
        if t.problems
    )
    more = note(f"{left_out:,} quantities with larger p-values are not shown") if left_out else ""
    return f'<div class="panels ranks">{panels}</div>{more}'


def _histogram(ranks: Ranks, draws: int) -> str:
    edges, counts = np.array(ranks.edges, dtype=np.float64), np.array(ranks.counts, dtype=np.float64)
    chance = np.clip(np.diff(edges) / (draws + 1), 1e-12, 1.0)
    expected = ranks.problems * chance
    low, high = (binom.ppf(q, ranks.problems, chance) / expected for q in ((1 - BAND) / 2, (1 + BAND) / 2))
    share = counts / expected
    x = Scale(float(edges[0]), float(edges[-1]), 26, SMALL - 4)
    y = Scale(0.0, max(2.0, float(share.max()), float(high.max())) * 1.02, TALL - 18, 4)
    parts = []
    for left, right, bottom, top, one in zip(edges[:-1], edges[1:], low, high, share, strict=True):
        start, wide = x(float(left)), x(float(right)) - x(float(left))
        parts.append(_box("band", start, wide, y(float(top)), y(float(bottom))))
        parts.append(_box("bar", start + 0.3, wide - 0.6, y(float(one)), y(0.0)))
    for tick in (0, 1, 2):
        parts.append(written(str(tick), 22, y(tick) + 4, "end", 11))
    parts.append(f'<line class="axis dashed" x1="26" x2="{SMALL - 4}" y1="{y(1):.1f}" y2="{y(1):.1f}"/>')
    parts.append(written("0", 26, TALL - 5, "middle", 11))
    parts.append(written(shown(draws), SMALL - 4, TALL - 5, "end", 11))
    words = f"ranks of {ranks.name}: {ranks.problems} problems, p = {ranks.p:.2g}"
    return drawing(words, parts, SMALL, TALL)


def _box(kind: str, x: float, wide: float, top: float, floor: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{top:.1f}" width="{max(wide, 0.3):.1f}" '
        f'height="{max(floor - top, 0.0):.1f}"/>'
    )
