from __future__ import annotations

import io

import gsdmc
from gsdmc.training.presets import preset

NOISY = """
(let [x (sample "x" (normal 0 1))]
  (sample "seen" (bernoulli (sigmoid x))))
"""


def times(program: str) -> str:
    return preset("default", gsdmc.compile(io.StringIO(program))).process.times


def test_what_is_always_evidence_does_not_choose_the_process() -> None:
    assert times(NOISY) == "uniform"
    assert times(NOISY + '(given "seen")') == "lognormal"
    assert times(NOISY + '(given "seen") (given (subset "seen"))') == "uniform"


def test_the_sampler_follows_from_the_kinds() -> None:
    assert preset("default", gsdmc.compile("sudoku")).sampler.solver == "ddim"
    assert preset("default", gsdmc.compile("bcmf")).sampler.solver == "dpm2m-sde"


def test_the_papers_settings_go_by_the_programs_name() -> None:
    sorting = gsdmc.compile("sorting", n=3)
    assert preset("paper", sorting) == preset("paper", "sorting")
    assert preset("paper", sorting) != preset("paper", "bcmf")
