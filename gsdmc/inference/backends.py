"""What a program's networks run on, per device: how steps run, which attention, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from gsdmc.compiler.problem import Problem
from gsdmc.inference.cost import training_cost
from gsdmc.kernels.choice import Choice, choose
from gsdmc.kernels.selftest import Agreement, compare
from gsdmc.training.acceleration import Acceleration, accelerate
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
        settled(config, device).autocast or torch.float32,
        batch_heads=config.batch * cost.heads,
        biased=config.roles and config.architecture == "default",
        capability=device.capability,
    )
    return Chosen(problem.name, problem.sizes, structure.nodes, structure.entries, device.name, choice)


def settled(config: TrainingConfig, device: Device) -> Acceleration:
    """How steps of these settings run on a device, at a size that stays the same and fits its memory."""
    return accelerate(torch.device(device.name), config.precision, config.compile, config.graphs)


def checked(found: Iterable[Chosen]) -> list[Agreement]:
    """Run each backend that was chosen against the reference, once per device."""
    pairs = dict.fromkeys((c.choice.backend, c.device) for c in found)
    return [compare(backend, device) for backend, device in pairs]
