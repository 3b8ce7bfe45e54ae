"""Samples to export: draws of a program, with some of them taken for evidence."""

from __future__ import annotations

import numpy as np
import torch

import gsdmc
from gsdmc.inference.samples import Samples

LABELS = {"i": np.array(["a", "b", "c", "d"])}


def drawn(problem: gsdmc.Problem, *, num_datasets: int | None = None, labels: bool = False) -> Samples:
    """Three samples, or three of each data set, in which all of `real` and half of `boolean` are evidence."""
    values = problem.simulate(3 * (num_datasets or 1), seed=0)
    lead = () if num_datasets is None else (num_datasets,)
    seen = {a.name: torch.zeros(*lead, *a.shape, dtype=torch.bool) for a in problem.graph.arrays}
    seen["real"][:] = True
    seen["boolean"][..., :2] = True
    return Samples(problem, values, seen, num_datasets=num_datasets, labels=LABELS if labels else {})
