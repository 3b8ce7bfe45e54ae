"""Why a run diverged, as far as that can be found out, and what to do about it."""

from __future__ import annotations

import math
from pathlib import Path

from gsdmc.language.source import GsdmcError
from gsdmc.training.losses import DivergedError
from gsdmc.training.run import Run

LOWER = 4
"""How much lower the rates are that are suggested."""


def explain(error: DivergedError, run: Run, kept: int | None, folder: Path | None) -> GsdmcError:
    """What to tell the user.

    Args:
        error: what was seen.
        run: the run.
        kept: the step whose state the folder holds.
        folder: the run's folder.
    """
    holds = f"; {folder} holds the state of step {kept}" if kept is not None else ""
    number = error.step + 1  # as progress counts them
    drawn = None if math.isfinite(error.value) else _not_finite(run, error.step)
    if drawn is not None:
        return GsdmcError(
            f"the program drew a value of `{drawn}` that is not finite, for step {number}{holds}",
            hint="bound what the program computes (does it divide by 0, or overflow?), or take another seed",
        )
    became = "exploded to" if math.isfinite(error.value) else "became"
    config = run.config
    rates = {"learning_rate": config.learning_rate}
    if config.optimiser == "muon":
        rates["matrix_rate"] = config.matrix_rate
    lower = " ".join(f"--config {name}={rate / LOWER:g}" for name, rate in rates.items())
    precision = "" if run.acceleration.autocast is None else ", or with --precision float32"
    return GsdmcError(
        f"{error.what} {became} {error.value:.4g} at step {number}{holds}",
        hint=f"train again with lower rates, as by {lower}{precision}",
    )


def _not_finite(run: Run, step: int) -> str | None:
    """An array of which a step's batch has values that aren't finite."""
    for name, values in run.batches(step).values.items():
        if values.is_floating_point() and not bool(values.isfinite().all()):
            return name
    return None
