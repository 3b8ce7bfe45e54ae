"""The diffusion process chosen from the program."""

from __future__ import annotations

from collections.abc import Iterable

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.language.kinds import Kind


def default_process(latent: Iterable[Kind]) -> ProcessConfig:
    """The process that fits a program's latent variables.

    Reals run the Gaussian process with v prediction, and discrete values the masked one beside it. Where
    there are reals alone, training draws log-normal times, at which there is most to learn. Masked values
    need the whole clock, since sampling begins where all of them are masked, so times are uniform where there
    are any. What each choice was measured to be worth is in docs/decisions/0013.

    Args:
        latent: kinds of the arrays that a query may ask for.
    """
    if any(kind.discrete for kind in latent):
        return ProcessConfig()
    return ProcessConfig(schedule="edm", times="lognormal")
