"""The README's picture: a program, the mask it compiles to, and samples of the trained model.

Run it after `make demo`: `.venv/bin/python examples/picture.py`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib import pyplot as plt

import gsdmc
from gsdmc.graph.draw_mask import draw_mask

SAMPLES = Path("runs/bcmf/factorisations.png")
OUT = Path("docs/images/bcmf.png")


def main() -> None:
    problem = gsdmc.compile("bcmf", m=5, n=5, k=3)
    figure, axes = plt.subplots(1, 3, figsize=(16, 6), width_ratios=[1.12, 1.15, 0.75], layout="constrained")
    titles = ("a program", "its graph, as an attention mask", "samples of A and R for given E")
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, fontsize=15, loc="left")
        axis.axis("off")
        axis.set_anchor("NW")
    axes[0].text(
        0, 0.99, problem.source, family="monospace", fontsize=8.6, va="top", transform=axes[0].transAxes
    )
    with TemporaryDirectory() as folder:
        mask = Path(folder) / "mask.png"
        draw_mask(problem.graph, mask)
        axes[1].imshow(plt.imread(mask))
    axes[2].imshow(plt.imread(SAMPLES))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUT, dpi=90)


if __name__ == "__main__":
    main()
