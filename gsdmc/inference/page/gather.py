"""What the page of a run shows, computed from its model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference.evaluate import Evaluation
from gsdmc.inference.model import Model
from gsdmc.inference.page.calibration import Figures, figures_of, read_figures
from gsdmc.inference.page.example import Example, draw_example
from gsdmc.training.checkpoint import METRICS
from gsdmc.training.logs import CSV, LOGS, Row, read_rows
from gsdmc.training.reading import checked, damage

CALIBRATION = "calibration.json"
PLACES = (CALIBRATION, f"calibration/{CALIBRATION}")
"""Where in a run's folder a calibration is looked for."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What the page shows.

    Attributes:
        model: at the size of the page.
        folder: where it lies.
        curve: steps with the mean loss since the step before.
        log: rows of the run's log, none where there is no log.
        evaluation: scores on fresh problems, None where none were wanted.
        example: samples for one problem, None where none were wanted.
        calibration: its figures, None where there are none.
        written: when.
    """

    model: Model
    folder: Path
    curve: list[tuple[int, float]]
    log: list[Row]
    evaluation: Evaluation | None
    example: Example | None
    calibration: Figures | None
    written: datetime


def gather(
    model: Model,
    folder: Path,
    *,
    problems: int = 128,
    samples: int = 64,
    calibrate: int = 0,
    draws: int = 99,
    calibration: Path | None = None,
    seed: int = 0,
    steps: int | None = None,
    trace: Trace | None = None,
    progress: Callable[[int], None] | None = None,
) -> Contents:
    """Compute what the page shows.

    Args:
        model: the model at the size wanted.
        folder: where it was loaded from.
        problems: fresh problems to evaluate on; 0 for no evaluation.
        samples: posterior samples of the problem that is shown; 0 for none.
        calibrate: simulated problems to calibrate on; 0 to show a calibration that was written before.
        draws: posterior draws for each of these.
        calibration: a file of figures, or the folder that `gsdmc calibrate` wrote it to; the run's own
            folder, or `calibration` in it, when None.
        seed: of everything.
        steps: network calls; the model's own number when None.
        trace: counts network calls of the evaluation and the samples.
        progress: called with the number of problems calibrated on.

    Raises:
        GsdmcError: the folder's record, or the calibration that is named, can't be read.
    """
    curve = _curve(model, folder)
    log = folder / LOGS / CSV
    evaluation = example = None
    if problems:
        evaluation = model.evaluate(problems, seed=seed, steps=steps, trace=trace)
    if samples:
        example = draw_example(model.problem, model.trained, samples, seed=seed, steps=steps, trace=trace)
    figures = None
    if calibrate:
        found = model.calibrate(calibrate, num_draws=draws, seed=seed, steps=steps, progress=progress)
        figures = figures_of(found.to_json())
    elif (place := _calibration(folder, calibration)) is not None:
        figures = read_figures(place)
    return Contents(
        model=model,
        folder=folder,
        curve=curve,
        log=read_rows(log) if log.is_file() else [],
        evaluation=evaluation,
        example=example,
        calibration=figures,
        written=datetime.now(UTC),
    )


def _curve(model: Model, folder: Path) -> list[tuple[int, float]]:
    """The points of the loss curve, as the run's file has them or as the run has just made them."""
    with damage(folder / METRICS):
        found = checked(model.metrics.get("loss", []), list[Any], "loss")
        plain = [list(point) if isinstance(point, tuple) else point for point in found]
        return [(step, loss) for step, loss in checked(plain, list[tuple[int, float]], "loss")]


def _calibration(folder: Path, named: Path | None) -> Path | None:
    if named is not None:
        return named / CALIBRATION if named.is_dir() else named
    return next((folder / place for place in PLACES if (folder / place).is_file()), None)
