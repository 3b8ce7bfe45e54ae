"""A run that refuses what a distribution can't take, and values that no computation can go on from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.program.axes import Axis
from gsdmc.program.parameters import CHECKS, INCREASING
from gsdmc.program.readings import Run
from gsdmc.program.tape import Draw

SUM_TOLERANCE = 1e-3
"""How far from 1 the sum of computed probabilities may be, in single precision."""

CURES = {
    "must be positive": "take `(exp x)`, `(abs x)` or another value that is positive for every draw",
    "must not be negative": "take `(exp x)`, `(abs x)` or another value that is not negative for any draw",
    "must lie between 0 and 1": "take `(sigmoid x)` or another value between 0 and 1",
}


class Trial(Run):
    """Joint samples whose parameters and values are looked at."""

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """Draw from the distribution.

        Raises:
            GsdmcError: a parameter that the distribution doesn't take, or a value that is not finite.
        """
        for slot, value, trailing in zip(draw.slots, arguments, draw.trailing, strict=True):
            if not draw.deterministic:
                check_argument(draw, slot, value, trailing)
        name = draw.component or draw.distribution
        if name in INCREASING:
            low, high = (arguments[draw.slots.index(slot)] for slot in INCREASING[name])
            refuse(
                draw,
                low >= high,
                f"the low end of `{name}` does not lie below the high end",
                "make the high end the low one and something positive",
            )
        drawn = super().draw(draw, arguments)
        if drawn.is_floating_point():
            refuse(
                draw,
                ~torch.isfinite(drawn),
                f'"{draw.array}" is not a finite number',
                "choose another value for such draws, with `(if test a b)`",
            )
        return drawn


def check_argument(draw: Draw, slot: str, value: Tensor, trailing: tuple[Axis, ...]) -> None:
    """Refuse a parameter outside the distribution's domain.

    Raises:
        GsdmcError: naming the parameter, a value of it, and how often it comes.
    """
    name = draw.distribution if slot == "weights" else draw.component or draw.distribution
    what = f"the parameter {slot} of `{name}`"
    refuse(draw, ~torch.isfinite(value), f"{what} is not a finite number", CURES["must be positive"])
    check = CHECKS.get((name, slot))
    if check is not None:
        holds = torch.from_numpy(np.asarray(check[0](value.numpy())))
        if not bool(holds.all()):
            bad = value[~holds].flatten()[0].item()
            refuse(draw, ~holds, f"{what} {check[1]}, but is {bad:g}", CURES[check[1]])
    if slot in ("probabilities", "weights") and trailing:
        total = value.sum(-1)
        wrong = (total - 1).abs() > SUM_TOLERANCE
        if bool(wrong.any()):
            shown = f"the {slot} of `{name}` must sum to 1, but sum to {total[wrong][0].item():g}"
            refuse(draw, wrong, shown, "divide each by their sum")


def refuse(draw: Draw, bad: Tensor, what: str, cure: str) -> None:
    """Refuse a program if something is bad in some of its draws.

    Raises:
        GsdmcError: with the share of the batch in which it is.
    """
    if not bool(bad.any()):
        return
    share = bad.reshape(bad.shape[0], -1).any(1).float().mean().item()
    raise GsdmcError(
        f"{what}, in {share:.0%} of what the program draws",
        draw.span,
        calls=draw.calls,
        hint=cure,
    )
