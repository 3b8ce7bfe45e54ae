"""Simulators of the user's own, and simulations that were kept: what stands in for a program's own draws."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.simulations import bind_simulations
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import dtype_of

if TYPE_CHECKING:
    from gsdmc.compiler.problem import Problem

Simulator = Callable[..., Mapping[str, Any]]
"""`simulator(rng, count)`, to `count` joint draws by array name, all random numbers from the numpy generator
`rng`. Further parameters get the program's sizes of their names: `simulator(rng, count, n)`."""

TRIED, AGAIN = 16, 4
"""Draws that compiling looks at, and those of them that it makes twice."""

SIGNATURE = "a simulator is a function of (rng, count) and, if it likes, of the program's sizes by name"

TAKES_ALL = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True, eq=False)
class Kept:
    """Simulations that were kept, at one size of the program.

    Attributes:
        values: `[B, *shape]` per array.
        sizes: of the program.
        held_out: how many of them, the first, training has not seen.
        source: what they come from, in words.
    """

    values: dict[str, Tensor]
    sizes: dict[str, int]
    held_out: int
    source: str

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def draw(self, problem: Problem, count: int, seed: int, dtype: torch.dtype) -> dict[str, Tensor]:
        """Simulations that training has not seen, none of them twice.

        Raises:
            GsdmcError: there are not so many of them, or the program has other sizes.
        """
        cure = "give simulations, as load(..., data=) or --data, or the simulator, as load(..., simulator=)"
        if problem.sizes != self.sizes:
            sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
            raise GsdmcError(
                f"there are simulations of {self.source} at {sizes} alone, and the program's own draws don't "
                "stand in for them",
                hint=cure,
            )
        if count > self.held_out:
            one = "is one simulation" if self.held_out == 1 else f"are {self.held_out or 'no'} simulations"
            fewer = f"take {self.held_out} (-n {self.held_out}), or " if self.held_out else ""
            raise GsdmcError(
                f"there {one} of {self.source} that training has not seen, not {count}", hint=fewer + cure
            )
        return self._rows(np.random.default_rng(seed).permutation(self.held_out)[:count], problem, dtype)

    def sample(self, problem: Problem, count: int, seed: int, dtype: torch.dtype) -> dict[str, Tensor]:
        """Simulations that training may have seen, and any of them several times: yardsticks, no tests."""
        return self._rows(np.random.default_rng(seed).integers(len(self), size=count), problem, dtype)

    def _rows(self, rows: np.ndarray[Any, Any], problem: Problem, dtype: torch.dtype) -> dict[str, Tensor]:
        index = torch.from_numpy(rows)
        return {a.name: self.values[a.name][index].to(dtype_of(a.kind, dtype)) for a in problem.graph.arrays}


def simulated(
    problem: Problem,
    simulator: Simulator | Kept,
    count: int,
    seed: int,
    dtype: torch.dtype = torch.float32,
    *,
    check: bool = False,
) -> dict[str, Tensor]:
    """Joint draws of a simulator, or simulations that were kept.

    Args:
        problem: the program.
        simulator: which.
        count: how many.
        seed: of the generator that the simulator draws from.
        dtype: of the reals.
        check: whether to compare them with what the program computes, too.

    Raises:
        GsdmcError: the simulator fails, or its draws don't fit the program; too few simulations were kept.
    """
    if isinstance(simulator, Kept):
        return simulator.draw(problem, count, seed, dtype)
    sizes = accepted(simulator, problem.sizes)
    name = short(simulator)
    try:
        drawn = simulator(np.random.default_rng(seed), count, **sizes)
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise GsdmcError(
            f"the simulator `{name}` failed: {what}",
            hint=f"the fault lies in your function, at {last.filename}:{last.lineno}",
        ) from error
    values = bind_simulations(
        problem, drawn, what=f"the draws of the simulator `{name}`", check=check, dtype=dtype
    )
    made = len(next(iter(values.values())))
    if made != count:
        raise GsdmcError(
            f"the simulator `{name}` was asked for {count} draws and made {made}", hint=SIGNATURE
        )
    return values


def check_simulator(problem: Problem, simulator: Simulator | Kept) -> None:
    """Try a simulator on a few draws.

    Raises:
        GsdmcError: it can't be called, fails, doesn't fit the program, or depends on more than its generator.
    """
    if isinstance(simulator, Kept):  # they were checked when they were kept
        return
    simulated(problem, simulator, TRIED, 0, check=True)
    once, twice = (simulated(problem, simulator, AGAIN, 1) for _ in range(2))
    for name, value in once.items():
        if not torch.equal(value, twice[name]):
            raise GsdmcError(
                f"the simulator `{short(simulator)}` draws another {name} from a generator in the same state",
                hint="draw every random number from the generator that it gets; torch takes a seed from it: "
                "torch.Generator().manual_seed(int(rng.integers(2**63)))",
            )


def accepted(simulator: Simulator, sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes that a simulator has parameters for.

    Raises:
        GsdmcError: it is no function of a generator and a number, or needs something that is no size.
    """
    if not callable(simulator):
        raise GsdmcError(f"{simulator!r:.60} is no simulator", hint=SIGNATURE)
    try:
        parameters = list(signature(simulator).parameters.values())
    except (TypeError, ValueError):  # of compiled functions Python may know no parameters
        return {}
    fixed = [p for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    if len(fixed) < 2 and not any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        raise GsdmcError(f"`{short(simulator)}` does not take a generator and a number", hint=SIGNATURE)
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters):
        return dict(sizes)
    others = [p for p in parameters if p not in fixed[:2] and p.kind not in TAKES_ALL]
    for parameter in others:
        if parameter.name not in sizes and parameter.default is Parameter.empty:
            known = f"; its sizes are {', '.join(sizes)}" if sizes else ""
            raise GsdmcError(
                f"the simulator `{short(simulator)}` needs `{parameter.name}`, no size of the program",
                hint=f"{SIGNATURE}{known}",
            )
    return {p.name: sizes[p.name] for p in others if p.name in sizes}


def short(simulator: Simulator) -> str:
    """What a simulator is called."""
    return str(getattr(simulator, "__qualname__", type(simulator).__qualname__)).replace("<locals>.", "")


def full_name(simulator: Simulator) -> str:
    """Where a simulator is at home, for people to read: nothing is imported by it."""
    return f"{getattr(simulator, '__module__', type(simulator).__module__)}.{short(simulator)}"
