"""What a network costs before it is trained: parameters, and arithmetic per training step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from gsdmc.compiler.problem import Problem
from gsdmc.model.denoiser import Denoiser
from gsdmc.training.config import TrainingConfig

PASSES = 3
"""A backward pass costs two forward passes."""


@dataclass(frozen=True)
class Cost:
    """A network's depth and parameters, and floating-point operations per training step.

    `flops` counts linear layers and attention along edges, a multiply-add as two.
    """

    width: int
    layers: int
    loops: int
    heads: int
    parameters: int
    batch: int
    flops: int


def training_cost(problem: Problem, config: TrainingConfig) -> Cost:
    """Estimate the cost of training on a problem; allocates no weights."""
    layout = replace(problem.layout, diameter=problem.metrics.diameter)
    shape = config.network(layout)
    with torch.device("meta"):
        denoiser = Denoiser(shape)
    nodes, width = layout.nodes, shape.width
    per_example = 0
    for name, module in denoiser.blocks.named_modules():
        if isinstance(module, nn.Linear):
            timed = name.rpartition(".")[2] in ("time", "modulation")
            per_example += 2 * module.in_features * module.out_features * (1 if timed else nodes)
    per_example *= shape.loops
    per_example += shape.depth * 4 * layout.structure.entries * width
    ends = sum(slot.size * slot.kind.channels for slot in layout.arrays)
    per_example += 2 * 2 * ends * width  # values in, predictions out
    return Cost(
        width=width,
        layers=shape.layers,
        loops=shape.loops,
        heads=shape.heads,
        parameters=denoiser.parameter_count,
        batch=config.batch,
        flops=PASSES * config.batch * per_example,
    )
