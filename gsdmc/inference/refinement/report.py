"""What the program changed in a network's samples, and what it could not put right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.refinement.ancestry import elements
from gsdmc.inference.refinement.polish import Polished
from gsdmc.language.source import GsdmcWarning

Figures = NDArray[np.float64]

LISTED = 10
"""Samples that a text lists by number."""


@dataclass(frozen=True)
class Recomputed:
    """An array that restoration recomputed.

    Attributes:
        elements: how many in all samples, evidence left out; a vector counts once.
        changed: the share of them that came out otherwise than the network had them.
        rms: root-mean-square change of reals and vectors; None for other kinds.
    """

    elements: int
    changed: float
    rms: float | None


@dataclass(frozen=True)
class Restoration:
    """What restoration recomputed, by array."""

    arrays: dict[str, Recomputed]

    def __str__(self) -> str:
        if not self.arrays:
            return "restore: nothing to recompute"
        parts = []
        for name, found in self.arrays.items():
            by = f"by {found.rms:.3g} (root mean square)" if found.rms is not None else ""
            share = f"{found.changed:.1%} of elements" if found.rms is None else ""
            parts.append(f"{name} changed {share or by}")
        return f"restore: recomputed from their parents: {', '.join(parts)}"


@dataclass(frozen=True)
class Round:
    """A round of repair: samples drawn again, of these those that broke less, and that then broke nothing."""

    tried: int
    improved: int
    solved: int


@dataclass(frozen=True)
class Repair:
    """What repair did.

    Attributes:
        samples: how many there are.
        invalid: how many broke a relation before the first round.
        rounds: what each round came to; fewer than allowed when nothing was left to try.
        unsolved: numbers of the samples that still break a relation.
        broken: relations that some of them break, and how many do.
        stuck: those of `unsolved` in which everything behind what is broken is evidence.
    """

    samples: int
    invalid: int
    rounds: tuple[Round, ...]
    unsolved: tuple[int, ...]
    broken: dict[str, int]
    stuck: tuple[int, ...]

    def __str__(self) -> str:
        if not self.invalid:
            return f"repair: nothing to do, {_of(self.samples, self.samples)} satisfy the program"
        lines = [f"repair: {_of(self.invalid, self.samples)} broke a relation of the program"]
        for number, one in enumerate(self.rounds, start=1):
            lines.append(
                f"  round {number}: {one.tried} drawn again, {one.improved} broke less, "
                f"{one.solved} of these nothing"
            )
        if not self.unsolved:
            return "\n".join([*lines, "  all satisfy the program now"])
        broken = ", ".join(f"{name} in {count}" for name, count in self.broken.items())
        lines.append(f"  unsolved: {_listed(self.unsolved)}; still broken: {broken}")
        if self.stuck:
            lines.append(f"  only evidence is behind what is broken in {_listed(self.stuck)}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Polish:
    """What polishing did, per sample; see `Polished`.

    Attributes:
        residuals: how many equations the evidence gave each sample.
        before, after: `[num_samples]`, the largest residual as a share of its array's usual size.
        iterations: `[num_samples]`.
        solved: `[num_samples]` booleans.
        moved: root-mean-square change of each continuous array that moved.
    """

    residuals: int
    before: Figures
    after: Figures
    iterations: NDArray[np.int64]
    solved: NDArray[np.bool_]
    moved: dict[str, float]

    @property
    def unsolved(self) -> tuple[int, ...]:
        """Numbers of the samples whose residuals are not within the tolerance."""
        return tuple(int(i) for i in (~self.solved).nonzero()[0])

    def __str__(self) -> str:
        if not self.residuals:
            return "polish: nothing to do, no real variable that the program computes is given"
        count = len(self.solved)
        text = (
            f"polish: {_of(int(self.solved.sum()), count)} solved for the evidence in at most "
            f"{int(self.iterations.max(initial=0))} iterations; largest relative residual, median over "
            "samples: "
            f"{np.median(self.before):.3g} before, {np.median(self.after):.3g} after"
        )
        if self.moved:
            by = ", ".join(f"{name} by {rms:.3g}" for name, rms in self.moved.items())
            text += f"\n  moved (root mean square): {by}"
        if not self.unsolved:
            return text
        worst = f"{self.after[list(self.unsolved)].max():.3g}"
        return f"{text}\n  unsolved: {_listed(self.unsolved)}, largest relative residual {worst}"


@dataclass(frozen=True, eq=False)
class Report:
    """What was done to samples after the network, in this order, and warnings about their evidence."""

    restore: Restoration | None = None
    repair: Repair | None = None
    polish: Polish | None = None
    warnings: tuple[GsdmcWarning, ...] = field(default=())

    def __str__(self) -> str:
        parts = [*(str(w) for w in self.warnings)]
        parts += [str(part) for part in (self.restore, self.repair, self.polish) if part is not None]
        return "\n".join(parts) or "the network's own values"

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers; what was not done is left out."""
        found: dict[str, Any] = {}
        if self.warnings:
            found["warnings"] = [{"message": w.message, "hint": w.hint} for w in self.warnings]
        if self.restore is not None:
            found["restore"] = {name: vars(a) for name, a in self.restore.arrays.items()}
        if self.repair is not None:
            found["repair"] = {**vars(self.repair), "rounds": [vars(r) for r in self.repair.rounds]}
        if self.polish is not None:
            found["polish"] = {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in vars(self.polish).items()
            }
        return found


def restoration(
    problem: Problem, before: dict[str, Tensor], after: dict[str, Tensor], mask: dict[str, Tensor]
) -> Restoration:
    """Compare values with what restoration made of them.

    Args:
        problem: the program.
        before: `[B, *value_shape]` per array.
        after: the same, restored.
        mask: per array `[B, *shape]` booleans, true for evidence.
    """
    computed, _ = elements(problem)
    found: dict[str, Recomputed] = {}
    for array in problem.graph.arrays:
        own = computed[array.offset : array.offset + array.size].reshape(array.shape)
        seen = (~mask[array.name]).numpy() & own  # [B, *shape]
        if not seen.any():
            continue
        change = (after[array.name].double() - before[array.name].double()).numpy()[seen]
        changed = (change != 0).reshape(len(change), -1).any(1).mean()
        real = array.kind.name in ("real", "vector")
        rms = float(np.sqrt(np.square(change).mean())) if real else None
        found[array.name] = Recomputed(int(seen.sum()), float(changed), rms)
    return Restoration(found)


def polish_report(
    problem: Problem,
    found: Polished,
    residuals: int,
    before: dict[str, Tensor],
    after: dict[str, Tensor],
) -> Polish:
    """The report of a polish; `before` and `after` are the values that it started from and came to."""
    _, drawn = elements(problem)
    moved = {}
    for array in problem.graph.arrays:
        if not drawn[array.offset : array.offset + array.size].any() or array.kind.name not in (
            "real",
            "vector",
        ):
            continue
        change = (after[array.name].double() - before[array.name].double()).square().mean().sqrt().item()
        if change > 0:
            moved[array.name] = change
    before_after = found.before.numpy(), found.after.numpy()
    return Polish(residuals, *before_after, found.iterations.numpy(), found.solved.numpy(), moved)


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} sample{'s' * (whole != 1)}"


def _listed(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[:LISTED])) + (", ..." if len(numbers) > LISTED else "")
    return f"{len(numbers)} sample{'s' * (len(numbers) != 1)} ({shown})"
