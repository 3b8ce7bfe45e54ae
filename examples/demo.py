"""`make demo`: compile, train and sample the paper's running example, and draw its Figure 6.

Binary-continuous matrix factorisation: E = A R with A continuous and R binary. The network sees E
alone and draws A and R, and every product between them. A given E has many factorisations: the
picture shows two of each.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

import gsdmc
from gsdmc.cli.progress import ProgressLine

STEPS = 2400
SEED = 0
HELD_OUT = 256
OUT = Path("runs/bcmf")
EXAMPLES = 3
"""Held-out matrices in the picture."""

Factorisation = tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]


def main() -> None:
    problem = gsdmc.compile("bcmf", m=5, n=5, k=3)
    m = problem.metrics
    print(f"{problem.name}: {m.nodes} variables, {m.entries} mask entries ({m.density:.1%} of a dense mask)")
    progress = ProgressLine(STEPS, every=15.0)
    model = gsdmc.train(problem, steps=STEPS, seed=SEED, out=OUT, progress=progress)
    progress.close()
    weights = hashlib.sha256((OUT / "weights.safetensors").read_bytes()).hexdigest()
    print(f"{OUT}: {STEPS} steps in {model.metrics['seconds']:.0f} s, seed {SEED}, weights {weights[:16]}")

    (score,) = model.evaluate(HELD_OUT, seed=SEED + 1).scores
    print(f"{score.name} over {HELD_OUT} held-out E, one network sample each, nothing recomputed:")
    print(f"  network {score.raw:.4f}   prior {score.prior:.4f}")

    held_out = problem.simulate(EXAMPLES, seed=SEED + 2)["E"].numpy()
    samples = [model.sample({"E": e}, num_samples=2, seed=i) for i, e in enumerate(held_out)]
    rows = [(s["A"][i], s["R"][i], e) for s, e in zip(samples, held_out, strict=True) for i in range(2)]
    picture = OUT / "factorisations.png"
    draw(rows, picture)
    print(f"two factorisations of {EXAMPLES} of them: {picture}")


def draw(rows: list[Factorisation], path: Path) -> None:
    """A row per factorisation: the inferred A and R, their product, and the E that was given."""
    high = max(1.0, *(float(e.max()) for _, _, e in rows))
    a, r, e = rows[0]
    widths = [a.shape[1], r.shape[1], e.shape[1], e.shape[1]]
    figure, grid = plt.subplots(
        len(rows), 4, figsize=(7, 1.8 * len(rows)), width_ratios=widths, layout="constrained", squeeze=False
    )
    for axes, (a, r, e) in zip(grid, rows, strict=True):
        for axis, matrix, top in zip(axes, (a, r, a @ r, e), (1.0, 1.0, high, high), strict=True):
            axis.imshow(matrix, cmap="viridis", vmin=0, vmax=top)
            axis.set(xticks=[], yticks=[])
        axes[2].set_xlabel(f"RMSE {np.sqrt(np.mean((a @ r - e) ** 2)):.3f}", fontsize=9)
    for axis, title in zip(grid[0], ("A", "R", "A R", "E, given"), strict=True):
        axis.set_title(title, fontsize=11)
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
