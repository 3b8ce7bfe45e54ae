"""Whether a program's exchangeable plates are symmetries: of graph, draws, residuals and score."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gsdmc.graph.edges import edge_table
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.symmetry_check import check_automorphism
from gsdmc.graph.trace import trace
from gsdmc.language.source import GsdmcError
from gsdmc.program.distributions import Noise
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import Run, verify
from gsdmc.program.score import score
from gsdmc.program.tape import Draw, Instruction, Tape

BATCH = 4
"""Joint samples that are looked at."""


def permuted(graph: FactorGraph, name: str, value: Tensor, plate: str, order: Tensor) -> Tensor:
    """An array `[B, *shape]` with a plate's replicas in another order, in every dimension that spans it."""
    for dim, spanned in enumerate(graph.by_name[name].plates):
        if spanned == plate:
            value = value.index_select(1 + dim, order)
    return value


class PermutedRun(Run):
    """A run whose noise has a plate's replicas in another order."""

    def __init__(self, seed: int, graph: FactorGraph, plate: str, order: Tensor) -> None:
        super().__init__(BATCH, seed, torch.float64)
        self.graph, self.plate, self.order = graph, plate, order

    def stream(self, draw: Draw, noise: Noise, seed: int) -> Tensor:
        """The noise that the replica in this place had before."""
        value = super().stream(draw, noise, seed)
        return permuted(self.graph, draw.array, value, self.plate, self.order)


def broken_symmetries(tape: Tape, seed: int = 0) -> list[str]:
    """Exchangeable plates of a program that are no symmetries, and of what. Ties are left alone."""
    try:
        graph, interpreter = trace(tape), Interpreter(tape)
    except GsdmcError:
        return []
    rng = np.random.default_rng(seed)
    table, lawless = edge_table(graph), without_law(tape)
    found = []
    for plate in graph.plates:
        if plate.cls != "exchangeable" or plate.size < 2:
            continue
        order = rng.permutation(plate.size)
        if (order == np.arange(plate.size)).all():
            order = order[::-1].copy()
        if not check_automorphism(graph, plate.name, order, table):
            found.append(f"{plate.name}: the graph changes under {order}")
        index = torch.from_numpy(order)
        before, after = Run(BATCH, seed, torch.float64), PermutedRun(seed, graph, plate.name, index)
        try:
            interpreter.run(before)
            interpreter.run(after)
            values = before.arrays.whole(interpreter.assemblies)
            again = after.arrays.whole(interpreter.assemblies)
            moved = {n: permuted(graph, n, v, plate.name, index) for n, v in values.items()}
            changed = [n for n, v in again.items() if n not in lawless and not same(v, moved[n])]
            found += [f"{plate.name}: {name} changes under {order}" for name in changed]
            for what, joint in (("a draw", values), ("what is no draw", shuffled(values))):
                moved = {n: permuted(graph, n, v, plate.name, index) for n, v in joint.items()}
                for name in differing(interpreter, graph, joint, moved, plate.name, index):
                    found.append(f"{plate.name}: {name} changes under {order} for {what}")
        except GsdmcError:
            continue
    return found


def without_law(tape: Tape) -> set[str]:
    """Arrays that owe their values to more than arguments and noise of the replica's own.

    What generates an array may tell replicas apart, and a mixture's noise goes by the order of its
    components; the same holds for what is computed from either.
    """
    found: set[str] = set()
    memo: dict[Instruction, bool] = {}

    def lawless(here: Instruction) -> bool:
        stack = [here]
        while stack:
            now = stack[-1]
            waiting = [i for i in now.inputs if i not in memo]
            if waiting:
                stack.extend(waiting)
                continue
            own = isinstance(now, Draw) and (now.generated or now.component is not None)
            memo[now] = own or any(memo[i] for i in now.inputs)
            stack.pop()
        return memo[here]

    for draw in tape.draws:
        if lawless(draw):
            found.add(draw.array)
    return found


def shuffled(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Joint values that no draw would give: every array comes from another member of the batch."""
    return {name: value.roll(number, 0) for number, (name, value) in enumerate(values.items())}


def differing(
    interpreter: Interpreter,
    graph: FactorGraph,
    values: dict[str, Tensor],
    moved: dict[str, Tensor],
    plate: str,
    order: Tensor,
) -> list[str]:
    """Arrays and factors whose residuals don't move along with the values, and the score if it changes."""
    before, after = (verify(interpreter, v, torch.float64) for v in (values, moved))
    found = [] if same(*(score(interpreter, v) for v in (values, moved))) else ["the score"]
    for name, residual in before.dirac.items():
        if not same(permuted(graph, name, residual, plate, order), after.dirac[name]):
            found.append(f"the residual of {name}")
    for name, holds in before.factors.items():
        if not torch.equal(holds.sum(1), after.factors[name].sum(1)):
            found.append(f"the truth of {name}")
    return found


def same(one: Tensor, other: Tensor) -> bool:
    """Equality up to rounding."""
    return torch.allclose(one.double(), other.double(), rtol=1e-7, atol=1e-7, equal_nan=True)
