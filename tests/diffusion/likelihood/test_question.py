from __future__ import annotations

import torch

from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from tests.model.problems import bcmf
from tests.model.test_denoiser import denoiser_for


def test_values_go_where_the_network_is() -> None:
    problem = bcmf(2, 2, 2)
    layout, values = problem.layout, problem.simulate(3, 0)
    seen = {s.name: torch.zeros(3, *s.shape, dtype=torch.bool) for s in layout.arrays}
    process = Process(ProcessConfig(), Standardiser.identity(layout))
    asked = Question(denoiser_for(problem).float(), layout, process, values, seen)
    assert (asked.device.type, asked.dtype, asked.batch) == ("cpu", torch.float32, 3)
    assert all(value is values[name] for name, value in asked.values.items())
    there = Question(denoiser_for(problem).to("meta"), layout, process, values, seen)
    assert {t.device.type for part in (there.values, there.observed) for t in part.values()} == {"meta"}
