"""How training draws the times at which it corrupts data."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from gsdmc.diffusion.schedule import LINEAR_STEPS, ScheduleName, time_at

TimesName = Literal["uniform", "lognormal"]
LOG_RATIO_MEAN, LOG_RATIO_STD = -1.2, 1.2
"""Of the logarithm of noise over signal (Karras et al. 2022, table 1)."""


def draw_times(times: TimesName, schedule: ScheduleName, batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` float64 times in `(0, 1]`.

    `uniform` times are spread over the clock, one in each of `batch` equal strata; on the `linear` schedule
    they are the paper's independent steps. `lognormal` times are those at which noise over signal is the
    log-normal quantile of such a stratified time, so that most of training goes where there is something to
    learn: at less noise the data are seen, at more they can't be.

    The weights of the masked process make its loss a bound for `uniform` times only.
    """
    if times == "lognormal":
        quantiles = torch.special.ndtri(low_discrepancy_times(batch, generator))
        return time_at(schedule, (LOG_RATIO_MEAN + LOG_RATIO_STD * quantiles).exp())
    if schedule == "linear":
        return uniform_step_times(batch, generator)
    return low_discrepancy_times(batch, generator)


def low_discrepancy_times(batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` times in `(0, 1]`, one in each of `batch` equal strata, in random order.

    Source: Kingma et al. 2021 (variational diffusion models), Appendix I; Sahoo et al. 2024, section 3.5.1.
    """
    offset = torch.rand((), generator=generator, dtype=torch.float64)
    times = (torch.randperm(batch, generator=generator) + offset) / batch
    return 1 - times


def uniform_step_times(batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` independent times, each one of the linear schedule's 1000 steps."""
    return torch.randint(1, LINEAR_STEPS + 1, (batch,), generator=generator).double() / LINEAR_STEPS
