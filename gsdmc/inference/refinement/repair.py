"""Repair: what breaks the program's relations is drawn again by the network, given what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Factor
from gsdmc.inference.refinement.ancestry import Ancestry, Bools, Sets, ancestry, flat_mask, sets
from gsdmc.inference.refinement.polish import Polished
from gsdmc.inference.refinement.report import Repair, Round
from gsdmc.inference.refinement.violations import Violations, by_member, residuals_of, violations
from gsdmc.language.syntax import Given
from gsdmc.training.seeds import derive, generator

Values = Mapping[str, Tensor]
Redraw = Callable[[Values, Mapping[str, Tensor], int], dict[str, Tensor]]
"""Values, a mask of what of them is evidence, `[B, ...]` each, and a seed, to the network's joint values."""

Finish = Callable[[Values, Mapping[str, Tensor]], "Finished"]
"""Joint values and the mask of the user's evidence to values that obey the program as far as they can."""

REPAIR, CHOICES = 401, 402
"""Streams of random numbers: what is drawn again, and which other variables are."""

WIDENED = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Chances that a variable outside what is broken is drawn again too, by the number of rounds in a row in
which a sample did not get better. After the last one the first is next."""


@dataclass(frozen=True, eq=False)
class Finished:
    """Values after restoration and, if wanted, polishing, `[B, *value_shape]` per array."""

    values: dict[str, Tensor]
    polished: Polished | None = None


def repair(
    problem: Problem,
    start: Finished,
    mask: Mapping[str, Tensor],
    redraw: Redraw,
    finish: Finish,
    *,
    rounds: int,
    seed: int,
    tolerance: float,
) -> tuple[Finished, Repair]:
    """Draw again what breaks the program's relations, round after round.

    In a round, each sample that breaks a relation keeps the variables that have no part in a broken one, bar
    some that chance picks, and the network draws the rest given these and the evidence. The new sample takes
    the old one's place if it breaks no more. Where training knew fixed queries alone, other arrays can't be
    evidence, so that the sample is drawn anew as a whole.

    Args:
        problem: the program.
        start: restored samples.
        mask: per array `[B, *shape]` booleans, true for evidence, which never changes.
        redraw: the network.
        finish: restoration, and polishing if wanted.
        rounds: most rounds.
        seed: of everything random; equal seeds give equal results.
        tolerance: for residuals of reals, see `violations`.
    """
    scopes = Scopes(problem)
    held = flat_mask(problem, mask, lead=1)  # [B, N]
    values, polished = {name: v.clone() for name, v in start.values.items()}, start.polished
    batch = len(held)
    found = scopes.broken(values, tolerance)
    broken = found.total(batch)
    invalid = int((broken > 0).sum())
    stuck = torch.zeros(batch, dtype=torch.bool)
    idle = torch.zeros(batch, dtype=torch.int64)
    history: list[Round] = []
    for number in range(rounds):
        rows = ((broken > 0) & ~stuck).nonzero().flatten()
        if not len(rows):
            break
        own = Violations(*({n: b[rows] for n, b in part.items()} for part in (found.dirac, found.factors)))
        again = scopes.behind(own, held[rows.numpy()])  # [rows, N]
        stuck[rows[~torch.from_numpy(again.any(1))]] = True
        some = again.any(1)
        rows, again = rows[torch.from_numpy(some)], again[some]
        if not len(rows):
            break
        chances = torch.tensor(WIDENED)[idle[rows] % len(WIDENED)]
        dice = torch.rand(again.shape, generator=generator(seed, CHOICES, number))
        again |= (dice < chances[:, None]).numpy()
        kept = scopes.by_array(scopes.keepable & ~again & ~held[rows.numpy()])
        old = {name: value[rows] for name, value in values.items()}
        seen = {name: mask[name][rows] for name in mask}
        drawn = redraw(old, {name: seen[name] | kept[name] for name in seen}, derive(seed, REPAIR, number))
        trial = finish({name: _where(seen[name] | kept[name], old[name], drawn[name]) for name in old}, seen)
        there = scopes.broken(trial.values, tolerance)
        count = there.total(len(rows))
        accepted = count <= broken[rows]
        improved = count < broken[rows]
        history.append(Round(len(rows), int(improved.sum()), int((count == 0).sum())))
        idle[rows] = torch.where(improved, 0, idle[rows] + 1)
        chosen = rows[accepted]
        for name, value in trial.values.items():
            values[name][chosen] = value[accepted]
        if polished is not None and trial.polished is not None:
            polished = polished.replaced(chosen, trial.polished.of(accepted))
        found = scopes.broken(values, tolerance)
        broken = found.total(batch)
    left = broken > 0
    counts = {name: int((count > 0).sum()) for name, count in found.counts.items()}
    report = Repair(
        samples=batch,
        invalid=invalid,
        rounds=tuple(history),
        unsolved=_numbers(left),
        broken={name: count for name, count in counts.items() if count},
        stuck=_numbers(left & stuck),
    )
    return Finished(values, polished), report


class Scopes:
    """What the variables behind a program's relations are."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.roots: Ancestry = ancestry(problem)
        self.keepable: Bools = ~self.roots.computed & _conditional(problem, problem.givens)
        nodes = problem.graph.nodes
        self.members: dict[str, Sets] = {}
        for factor in problem.graph.relations:
            if isinstance(factor, Factor):
                instances, _ = (factor.members >= 0).nonzero()
                shape = (len(factor.members), nodes)
                self.members[factor.name] = sets(instances, factor.members[factor.members >= 0], shape)

    def broken(self, values: Values, tolerance: float) -> Violations:
        """Which relations values break."""
        return violations(self.problem, residuals_of(self.problem, values), tolerance)

    def behind(self, found: Violations, held: Bools) -> Bools:
        """Variables that broken relations depend on, and that can change, `[B, N]`."""
        graph = self.problem.graph
        none = np.zeros(0, np.int64)
        start = sets(none, none, held.shape)
        for name, bad in found.factors.items():
            rows, instances = bad.numpy().nonzero()
            start = csr_array(start + sets(rows, instances, (len(bad), bad.shape[1])) @ self.members[name])
        for name, bad in found.dirac.items():
            array = graph.by_name[name]
            rows, nodes = by_member(bad).numpy().nonzero()
            own = sets(rows, nodes + array.offset, held.shape)
            start = csr_array(start + own @ self.roots.parents)
        return np.asarray(self.roots.latents(start, held).toarray())

    def by_array(self, nodes: Bools) -> dict[str, Tensor]:
        """`[B, *shape]` booleans per array, from those of nodes, `[B, N]`."""
        return {
            a.name: torch.from_numpy(nodes[:, a.offset : a.offset + a.size].reshape(len(nodes), *a.shape))
            for a in self.problem.graph.arrays
        }


def _conditional(problem: Problem, givens: Sequence[Given]) -> Bools:
    """`[N]` booleans, true for arrays that training took some elements of as evidence."""
    names = {name for given in givens for name in (*given.targets, *given.subset)}
    return np.concatenate([np.full(a.size, not givens or a.name in names) for a in problem.graph.arrays])


def _where(kept: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """Old values where kept, `[B, *shape]`, in the old ones' precision."""
    kept = kept[..., None] if kept.dim() < old.dim() else kept
    return torch.where(kept, old, new.to(old.dtype))


def _numbers(which: Tensor) -> tuple[int, ...]:
    return tuple(int(i) for i in which.nonzero().flatten())
