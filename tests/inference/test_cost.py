from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import gsdmc
from gsdmc.inference.cost import PASSES, training_cost
from gsdmc.inference.fit import TrainingProblem
from gsdmc.training.config import TrainingConfig
from gsdmc.training.presets import preset


@pytest.mark.parametrize("program", ["bcmf", "sudoku"])
@pytest.mark.parametrize(("name", "loops"), [("default", 1), ("paper", 1), ("default", 3)])
def test_the_estimate_counts_what_the_network_computes(program: str, name: str, loops: int) -> None:
    problem = gsdmc.compile(program)
    config = preset(name, program).with_changes(batch=2, layers=2, loops=loops, reach=False)
    cost = training_cost(problem, config)
    model = gsdmc.train(problem, steps=1, preset=config, out=None)
    assert cost.parameters == model.parameters
    layout = problem.layout
    state = {s.name: torch.zeros(2, *s.shape, *[s.kind.channels] * s.kind.discrete) for s in layout.arrays}
    seen = {s.name: torch.zeros(2, *s.shape, dtype=torch.bool) for s in layout.arrays}
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.trained.denoiser(layout, state, seen, torch.zeros(2))
    assert (cost.layers, cost.loops) == (2, loops)
    edges = cost.layers * loops * 4 * layout.structure.entries * cost.width * 2
    linear = cost.flops / PASSES - edges
    # The counter sees dense attention in place of edges, or none of it: linear layers are in both.
    dense = cost.layers * loops * 4 * layout.nodes**2 * cost.width * 2
    assert 0.9 * linear <= counter.get_total_flops() <= 1.1 * (linear + max(dense, edges))


def test_depth_follows_the_diameter(tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("bcmf")
    assert training_cost(problem, tiny).layers == 1
    assert training_cost(problem, tiny.with_changes(reach=True)).layers == 6
    assert TrainingProblem(problem, {}).layout.diameter == 6
