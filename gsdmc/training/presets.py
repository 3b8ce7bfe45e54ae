"""Named settings: the paper's own, and the default."""

from __future__ import annotations

from typing import NamedTuple

from gsdmc.diffusion.defaults import default_process
from gsdmc.diffusion.process import ProcessConfig
from gsdmc.diffusion.sampling.defaults import default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.training.config import TrainingConfig
from gsdmc.training.problem import Problem, always_observed

PRESETS = ("default", "paper")


class _PaperSetting(NamedTuple):
    width: int
    layers: int
    heads: int
    learning_rate: float
    batch: int
    ema: float = 0.999


# Table 2 of Weilbach et al. 2022; what it leaves out (inversion, hbmf, EMA) is from the authors' settings.
PAPER = {
    "bcmf": _PaperSetting(64, 12, 2, 2e-5, 32),
    "sudoku": _PaperSetting(128, 6, 8, 2e-5, 32),
    "sorting": _PaperSetting(64, 6, 8, 2e-4, 16),
    "boolean": _PaperSetting(64, 12, 2, 2e-5, 16, ema=0.99),
    "inversion": _PaperSetting(128, 8, 8, 2e-5, 16),
    "hbmf": _PaperSetting(64, 12, 2, 2e-5, 16),
}
PAPER_FALLBACK = _PaperSetting(64, 12, 2, 2e-5, 16)


def preset(name: str, problem: Problem | str) -> TrainingConfig:
    """The settings of a preset for a problem.

    Args:
        name: one of `PRESETS`.
        problem: the compiled program, or its name alone. The paper's settings go by the name; the default
            chooses process and sampler by the kinds of the arrays.

    Raises:
        ValueError: no such preset.
    """
    if name == "default":
        return TrainingConfig() if isinstance(problem, str) else _default(problem)
    if name == "paper":
        known = problem if isinstance(problem, str) else problem.name
        return _paper(PAPER.get(known, PAPER_FALLBACK))
    raise ValueError(f"unknown preset {name!r}: expected {' or '.join(PRESETS)}")


def _default(problem: Problem) -> TrainingConfig:
    always = always_observed(problem.givens)
    process = default_process(slot.kind for slot in problem.layout.arrays if slot.name not in always)
    return TrainingConfig(process=process, sampler=default_sampler(problem.layout, process, always))


def _paper(setting: _PaperSetting) -> TrainingConfig:
    return TrainingConfig(
        preset="paper",
        architecture="paper",
        width=setting.width,
        layers=setting.layers,
        heads=setting.heads,
        roles=False,
        reach=False,
        process=ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum", bijections=False),
        sampler=SamplerConfig(steps=1000, solver="ancestral"),
        batch=setting.batch,
        optimiser="adam",
        learning_rate=setting.learning_rate,
        betas=(0.9, 0.999),
        warmup=0,
        decay=False,
        ema=setting.ema,
        conditioning="uniform",
    )
