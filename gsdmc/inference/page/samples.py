"""The page's part about samples: one problem, its arrays one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.factor_graph import Array
from gsdmc.graph.html import text
from gsdmc.graph.text import counted
from gsdmc.inference.page.arrays import Numbers, cells, histogram, intervals, matrix, row
from gsdmc.inference.page.example import Example
from gsdmc.inference.page.scales import shown
from gsdmc.inference.page.tags import facts, figure, note, table

MOST_ARRAYS = 20
"""Arrays that are drawn."""

LARGEST = 1 << 16
"""Elements of the largest array that is drawn."""

ROW = 200
"""Longest row of variables that are drawn as intervals."""

PANELS = 3
"""Samples that are drawn one by one."""

CONTINUOUS = ("real", "vector", "count")


def samples_html(example: Example) -> str:
    """Figures of the samples, and a picture of every array beside the truth."""
    samples = example.samples
    rows = []
    for name, array in samples.items():
        seen = samples.observed[name]
        given = f"{int(seen.sum()):,} of {seen.numel():,}" if bool(seen.any()) else ""
        numbers = array.astype(np.float64)
        figures = (shown(float(numbers.mean())), shown(float(numbers.std()))) if numbers.size else ("", "")
        rows.append((name, _extent(samples.problem.graph.by_name[name]), given, *figures))
    arrays = samples.problem.graph.arrays
    drawn = [array_html(a, example) for a in arrays[:MOST_ARRAYS]]
    more = len(arrays) - len(drawn)
    valid = samples.valid
    return "\n".join(
        [
            facts(
                [
                    ("problem", f"drawn by the program, seed {example.seed}"),
                    ("query", example.query),
                    ("samples", f"{samples.num_samples:,}, dirac variables recomputed from their parents"),
                    ("everything holds in", f"{int(valid.sum()):,} of {valid.size:,}"),
                ]
            ),
            table(("Array", "Shape", "Given", "Mean", "Sd"), rows, right=(3, 4), caption="All samples"),
            f'<div class="arrays">{"".join(drawn)}</div>',
            note(f"and {counted(more, 'array')} more") if more else "",
        ]
    )


def array_html(array: Array, example: Example) -> str:
    """A picture of an array's samples beside the truth, under its name."""
    drawn, truth, seen = example.numbers(array.name)
    head = f"<h3>{text(array.name)} <small>{text(_extent(array))}</small></h3>"
    is_wide, picture = _drawn(array, drawn, truth, seen)
    return f'<div class="{"whole" if is_wide else "half"}">{head}{picture}</div>'


def _drawn(array: Array, drawn: Numbers, truth: Numbers, seen: NDArray[np.bool_]) -> tuple[bool, str]:
    """Whether the picture of an array takes the width of the page, and the picture."""
    if not truth.size:
        return False, note("no variables at this size")
    if truth.size > LARGEST:
        return False, note(f"{truth.size:,} elements are too many to draw here")
    if not (np.isfinite(drawn).all() and np.isfinite(truth).all()):
        return False, note("not drawn: some values are not finite")
    continuous = array.kind.name in CONTINUOUS
    count = counted(len(drawn), "sample")
    if seen.all() or truth.ndim > 1 or (truth.ndim == 1 and (not continuous or truth.size > ROW)):
        return not seen.all(), _panels(array, drawn, truth, seen)
    if truth.ndim == 1:
        words = f"{array.name}: intervals of {count} and the truth"
        legend = "thick: half of the samples; thin: 90 %; dot: the truth"
        legend += "; black dot: given" if seen.any() else ""
        return False, figure(intervals(drawn, truth, seen, words), legend)
    words = f"{array.name}: histogram of {count}, the truth is {shown(float(truth))}"
    chart = histogram(drawn, float(truth), words, array.kind.name != "real")
    return False, figure(chart, f"{count}; the line is the truth, {shown(float(truth))}")


def _panels(array: Array, drawn: Numbers, truth: Numbers, seen: NDArray[np.bool_]) -> str:
    """The truth, what was given, and the samples' mean as cells of colour, and some samples."""
    low, high = float(min(truth.min(), drawn.min())), float(max(truth.max(), drawn.max()))
    boolean, category = array.kind.name == "boolean", array.kind.name == "category"
    if boolean or category:
        low, high = 0.0, max(high, 1.0)
    digits = array.kind.name in ("category", "count")
    parts = [("truth", truth)]
    if not seen.all():
        if seen.any():
            parts.append(("given", np.where(seen, truth, np.nan)))
        if category:
            parts.append(("most frequent", _mode(drawn)))
        else:
            parts.append(("share of samples" if boolean else "mean of samples", drawn.mean(axis=0)))
        parts += [(f"sample {n + 1}", one) for n, one in enumerate(drawn[:PANELS])]
    else:
        parts = [("given", truth)]
    panels = [
        (
            title,
            cells(matrix(v), low, high, f"{array.name}: {title}", digits and not title.startswith("mean")),
        )
        for title, v in parts
    ]
    scale = f'<div class="scale"><span>{text(shown(low))}</span><i></i><span>{text(shown(high))}</span></div>'
    return row(panels) + scale


def _mode(drawn: Numbers) -> Numbers:
    """The most frequent value of every element, the least of several."""
    values = np.unique(drawn)
    counts = np.stack([(drawn == value).sum(axis=0) for value in values])
    found: Numbers = values[counts.argmax(axis=0)]
    return found


def _extent(array: Array) -> str:
    dims = " × ".join(f"{p} = {n:,}" for p, n in zip(array.plates, array.shape, strict=True))
    return f"{array.kind}, {dims}" if dims else str(array.kind)
