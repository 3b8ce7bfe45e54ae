"""Whether a program's exchangeable plates are symmetries: of its graph, its draws and its residuals."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.symmetry_check import check_automorphism
from gsdmc.graph.trace import trace
from gsdmc.language.source import GsdmcError
from gsdmc.program.distributions import Noise
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import Run, verify
from gsdmc.program.tape import Draw, Tape


def permuted(graph: FactorGraph, name: str, value: Tensor, plate: str, order: Tensor) -> Tensor:
    """An array `[B, *shape]` with a plate's replicas in another order, in every dimension that spans it."""
    for dim, spanned in enumerate(graph.by_name[name].plates):
        if spanned == plate:
            value = value.index_select(1 + dim, order)
    return value


class PermutedRun(Run):
    """A run whose noise has a plate's replicas in another order."""

    def __init__(self, seed: int, graph: FactorGraph, plate: str, order: Tensor) -> None:
        super().__init__(4, seed, torch.float64)
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
    found = []
    for plate in graph.plates:
        if plate.cls != "exchangeable" or plate.size < 2:
            continue
        order = rng.permutation(plate.size)
        if (order == np.arange(plate.size)).all():
            order = order[::-1].copy()
        if not check_automorphism(graph, plate.name, order):
            found.append(f"{plate.name}: the graph changes under {order}")
        index = torch.from_numpy(order)
        before, after = Run(4, seed, torch.float64), PermutedRun(seed, graph, plate.name, index)
        try:
            interpreter.run(before)
            interpreter.run(after)
        except GsdmcError:
            continue
        made_up = any(a.generated for a in graph.arrays)  # and what is computed from it: no law holds there
        values = before.arrays.whole(interpreter.assemblies)
        moved = {n: permuted(graph, n, v, plate.name, index) for n, v in values.items()}
        for name, value in after.arrays.whole(interpreter.assemblies).items():
            if not made_up and not same(value, moved[name]):
                found.append(f"{plate.name}: {name} changes under {order}")
        residuals = verify(interpreter, moved, torch.float64).dirac
        for name, residual in residuals.items():
            if not same(residual, torch.zeros_like(residual)):
                found.append(f"{plate.name}: the residual of {name} under {order} is {residual.abs().max()}")
    return found


def same(one: Tensor, other: Tensor) -> bool:
    """Equality up to rounding."""
    return torch.allclose(one.double(), other.double(), rtol=1e-7, atol=1e-7, equal_nan=True)
