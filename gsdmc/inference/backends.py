"""Which implementation of attention a program's networks run on, per device, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gsdmc.compiler.problem import Problem
from gsdmc.inference.cost import training_cost
from gsdmc.kernels.choice import Choice, choose
from gsdmc.kernels.selftest import Agreement, compare
from gsdmc.training.config import TrainingConfig
from gsdmc.training.devices import Device


@dataclass(frozen=True)
class Chosen:
    """The backend of a program on a device.

    Attributes:
        program: its name.
        sizes: its sizes.
        nodes: variables of its graph.
        entries: pairs that attend to each other, the diagonal counted.
        device: as torch names it.
        choice: the backend, and the reason.
    """

    program: str
    sizes: dict[str, int]
    nodes: int
    entries: int
    device: str
    choice: Choice


def chosen(problem: Problem, config: TrainingConfig, device: Device) -> Chosen:
    """What `auto` picks for a network of these settings.

    Raises:
        GsdmcError: the program has no variables at these sizes.
    """
    structure, cost = problem.layout.structure, training_cost(problem, config)
    choice = choose(
        device.kind,
        structure.nodes,
        structure.entries,
        structure.symmetric,
        cost.width // cost.heads,
        batch_heads=config.batch * cost.heads,
        biased=config.roles and config.architecture == "default",
        capability=device.capability,
    )
    return Chosen(problem.name, problem.sizes, structure.nodes, structure.entries, device.name, choice)


def checked(found: Iterable[Chosen]) -> list[Agreement]:
    """Run each backend that was chosen against the reference, once per device."""
    pairs = dict.fromkeys((c.choice.backend, c.device) for c in found)
    return [compare(backend, device) for backend, device in pairs]
