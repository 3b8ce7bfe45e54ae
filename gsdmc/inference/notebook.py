"""What a notebook shows of a model and of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gsdmc.compiler.notebook import problem_parts
from gsdmc.graph.html import facts, folded, frame, table, text
from gsdmc.graph.text import counted
from gsdmc.inference.evidence.queries import describe

if TYPE_CHECKING:
    from gsdmc.inference.model import Model
    from gsdmc.inference.samples import Samples


def model_html(model: Model) -> str:
    """A model's figures and training, and its problem."""
    run, metrics, problem = model.trained.run, model.metrics, model.problem
    network = model.trained.denoiser.config
    sizes = ", ".join(f"{k}={v}" for k, v in problem.sizes.items())
    title = f"gsdmc model of <code>{text(problem.name)}</code>" + (f" ({text(sizes)})" if sizes else "")
    looped = f", looped {counted(network.loops, 'time')}" if network.loops > 1 else ""
    loss = metrics.get("loss") or []
    pairs: list[tuple[str, object]] = [
        ("trained", f"{describe(problem.givens)}, {counted(run['steps'], 'step')}, seed {run['seed']}"),
        ("network", f"{counted(network.layers, 'layer')} of width {network.width}{looped}"),
        ("parameters", f"{model.parameters:,}"),
        ("device", model.device),
    ]
    if loss:
        pairs.append(("loss", f"{loss[-1][1]:.4g}"))
    if "seconds" in metrics:
        pairs.append(("time", f"{metrics['seconds']:.0f} s"))
    return frame(title, facts(pairs), folded("problem", "".join(problem_parts(problem, is_open=False))))


def samples_html(samples: Samples) -> str:
    """A row per array of the samples, and how many of them satisfy the program."""
    rows = []
    for name, array in samples.items():
        dims = ", ".join(f"{d}={n}" for d, n in zip(samples.dims[name], array.shape, strict=True))
        seen = samples.observed[name]
        given = f"{int(seen.sum()):,} of {seen.numel():,}" if bool(seen.any()) else ""
        numbers = array.astype(np.float64)
        figures = (f"{numbers.mean():.4g}", f"{numbers.std():.4g}") if numbers.size else ("", "")
        rows.append((name, dims, array.dtype, given, *figures))
    valid = samples.valid
    how = "restored" if samples.is_restored else "as the network gave them"
    return frame(
        f"gsdmc samples of <code>{text(samples.problem.name)}</code>",
        facts([("samples", how), ("valid", f"{int(valid.sum()):,} of {valid.size:,}")]),
        table(("array", "dimensions", "type", "given", "mean", "sd"), rows, right=(3, 4, 5)),
    )
