"""Admission: who runs at a shape, gives the right numbers there and is warm, or else why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from gsdmc.kernels.structure import Structure

from . import check
from .attentions import Attention, Maker


@dataclass
class Candidate:
    """An implementation at one shape.

    Attributes:
        attend: what to time, None where there is no figure to get.
        backward: whether it has a backward pass.
        error: its largest relative error, None where it didn't run.
        reason: why something is missing.
        seconds: what the longer of the passes took when it was warm, where that was measured.
    """

    attend: Attention | None = None
    backward: bool = True
    error: float | None = None
    reason: str | None = None
    seconds: float = 0.0

    def json(self) -> dict[str, Any]:
        """What a reader of the figures should know."""
        found = {"error": None if self.error is None else float(f"{self.error:.2g}"), "reason": self.reason}
        return {k: v for k, v in found.items() if v is not None}


def admit(
    make: Maker,
    s: Structure,
    tensors: list[Tensor],
    exact: list[Tensor],
    tolerance: float,
    *,
    backward: bool = True,
    longest: float = float("inf"),
    bias: Tensor | None = None,
) -> Candidate:
    """Run both passes at the shape of `tensors` and compare them with `exact` (`check.oracle`).

    With a `bias`, that `make`'s attention adds, its gradient is compared too. Runs that take more than
    `longest` seconds, once warm, are not admitted.
    """
    try:
        attend = make(s, tensors[0].shape[0])
        run: Callable[[Attention, list[Tensor]], list[Tensor]]
        run = partial(check.forward_backward, bias=bias) if backward else check.forward
        start = time.perf_counter()
        found = check.error(check.examples(run(attend, tensors)), exact)
        taken = time.perf_counter() - start
        if not found <= tolerance:
            return Candidate(
                None, backward, found, f"disagrees with float64: {found:.1e} where {tolerance:.0e} is allowed"
            )
        if taken > longest:  # compiling may have taken most of it
            start = time.perf_counter()
            run(attend, tensors)
            taken = time.perf_counter() - start
        if taken > longest:
            return Candidate(None, backward, found, f"one run takes {taken:.0f} s", taken)
        found = max(found, check.error(check.examples(check.forward(attend, tensors)), exact))
        reason = None if found <= tolerance else f"its forward pass alone disagrees with float64: {found:.1e}"
        return Candidate(attend if reason is None else None, backward, found, reason, taken)
    except Exception as problem:  # compilers raise errors of many kinds; each is a reason to have no figure
        lines = str(problem).strip().splitlines()
        return Candidate(reason=f"{type(problem).__name__}: {lines[0][:160] if lines else ''}")
