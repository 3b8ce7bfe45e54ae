from __future__ import annotations

import math

import torch

import gsdmc
from gsdmc.inference.consistency import measure
from gsdmc.program.readings import Residuals


def test_residuals_are_pooled_and_discrete_ones_counted() -> None:
    problem = gsdmc.compile("hbmf")
    residuals = Residuals(
        {"C": torch.tensor([[3.0, 0.0], [0.0, 4.0]]), "R": torch.tensor([[0.0, -1.0], [0.0, 0.0]])},
        {"f": torch.tensor([[True, False], [True, True]])},
    )
    report = measure(problem, residuals)
    assert report.dirac["C"].rms == 2.5
    assert report.dirac["C"].exact is None
    assert report.dirac["R"].rms == math.sqrt(0.25)
    assert report.dirac["R"].exact == 0.75
    assert (report.factors["f"].instances, report.factors["f"].samples) == (0.75, 0.5)
    assert report.to_json()["dirac"]["R"] == {"rms": 0.5, "exact": 0.75}
    assert "R: residual 0.5 (root mean square), 75.0% of elements exact" in str(report)
    assert "f: holds in 75.0% of instances, 50.0% of samples" in str(report)


def test_what_has_no_elements_at_a_size_is_left_out() -> None:
    residuals = Residuals(
        {"C": torch.zeros(2, 0), "R": torch.zeros(2, 0, 3)}, {"f": torch.zeros(2, 0, dtype=torch.bool)}
    )
    assert measure(gsdmc.compile("hbmf"), residuals).to_json() == {"dirac": {}, "factors": {}}
