"""The paper's figures and its Table 3, run again: one command each, data as CSV and a picture.

    python benchmarks/reproduce.py fig4 --quick
    python benchmarks/reproduce.py fig5 fig6 fig13 --full --device cuda
    python benchmarks/reproduce.py table3 --full --parts entries

`--toy` takes seconds and shows that a figure runs, `--quick` minutes on two cores, `--full` has the paper's
sizes. Files go to benchmarks/results/paper/SCALE: NAME.csv, NAME.svg, and NAME.json with command, machine and
settings. A run that was stopped goes on with `--resume`; `--draw` makes pictures of data that is there.
Scores are of raw network samples: nothing is restored, repaired or polished.
"""

from __future__ import annotations

import argparse

from paper import fig4, fig5, fig6, fig7a, fig7b, fig7c, fig8, fig16, settings, table, table3
from paper.figure import Figure
from paper.settings import Settings
from peers import report

from gsdmc.language.source import GsdmcError

MODULES = (fig4, fig5, fig6, fig7a, fig7b, fig7c, fig8, fig16, table3)
FIGURES: dict[str, Figure] = {figure.name: figure for module in MODULES for figure in module.FIGURES}


def make(figure: Figure, asked: Settings, *, measure: bool = True) -> None:
    """Measure a figure, unless its data is there, and draw it."""
    path = asked.out / f"{figure.name}.csv"
    rows = table.Table(path, resume=asked.resume or not measure)
    if measure:
        record = {**report.provenance(), "figure": figure.title, "settings": asked.to_json()}
        report.write(path.with_suffix(".json"), record)  # first, since rows may outlive a run that is stopped
        figure.measure(asked, rows)
    if not rows.rows:
        raise SystemExit(f"{path} holds no data to draw")
    if figure.summary is not None:
        table.write(asked.out / f"{figure.name}-exponents.csv", figure.summary(rows.rows))
    figure.draw(rows.rows, path.with_suffix(".svg"))
    print(f"{figure.name}: {figure.title}: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", nargs="+", choices=[*FIGURES, "all"], metavar="FIGURE")
    parser.add_argument("--draw", action="store_true", help="draw only")
    settings.add_arguments(parser)
    options = parser.parse_args()
    names = list(FIGURES) if "all" in options.figures else options.figures
    try:
        for name in names:
            make(FIGURES[name], settings.read(options), measure=not options.draw)
    except GsdmcError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
