"""Time against nodes, both axes logarithmic, a line for each implementation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

COLOURS = {
    "auto": "#000000",
    "padded": "#d55e00",
    "sdpa": "#0072b2",
    "edges": "#009e73",
    "flex": "#cc79a7",
    "linears": "#999999",
}
OTHERS = ("#56b4e9", "#e69f00", "#882255", "#44aa99", "#ddcc77")  # dotted: backends that one can name
PASSES = {"both": "forward + backward", "forward": "forward"}


def draw(path: Path, title: str, rows: list[dict[str, Any]], names: dict[str, str]) -> None:
    """Write an SVG of `rows`' spreads, one panel a pass; `names` are the lines' labels."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    mpl.rcParams.update({"svg.hashsalt": "gsdmc", "svg.fonttype": "none", "font.size": 9})
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
    for panel, (kind, label) in zip(panels, PASSES.items(), strict=True):
        others = iter(OTHERS * len(names))
        for name, shown in names.items():
            colour = COLOURS.get(name) or next(others)
            points = [
                (row["nodes"], row["ms"][name][kind])
                for row in rows
                if kind in row["ms"].get(name, {})
            ]  # fmt: skip
            if not points:
                continue
            nodes = [n for n, _ in points]
            style: dict[str, Any] = (
                {"linestyle": "--"} if name == "linears" else {"marker": "o", "markersize": 3.5}
            )
            style |= {} if name in COLOURS else {"linestyle": ":"}
            medians = [p["median"] for _, p in points]
            (line,) = panel.plot(nodes, medians, label=shown, color=colour, linewidth=1.3, **style)
            low, high = ([p[side] for _, p in points] for side in ("low", "high"))
            panel.fill_between(nodes, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
        panel.set(xscale="log", yscale="log", xlabel="nodes", title=label)
        panel.grid(visible=True, which="major", alpha=0.3)
    panels[0].set_ylabel("ms")
    handles = {
        text: handle
        for panel in panels
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        list(handles.values()), list(handles), loc="outside right center", frameon=False, fontsize=8
    )
    figure.suptitle(title, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
