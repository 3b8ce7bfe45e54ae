from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gsdmc.compiler import compile_problem
from gsdmc.inference.backends import Chosen, checked, chosen
from gsdmc.kernels import attention
from gsdmc.kernels.choice import Choice
from gsdmc.kernels.selftest import compare
from gsdmc.model.attention import GraphAttention
from gsdmc.training.config import TrainingConfig
from gsdmc.training.devices import Device


@pytest.mark.parametrize(("k", "mask"), [(1, None), (3, None), (3, "dense"), (3, "random:4")])
def test_it_is_what_the_network_s_attention_picks(
    k: int, mask: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = compile_problem("bcmf", m=2, n=2, k=k, mask=mask)
    config = TrainingConfig(width=32, layers=1, heads=2, reach=False)
    found = chosen(problem, config, Device("cpu"))
    called: list[str] = []

    def spy(name: str, attend: attention.Implementation) -> attention.Implementation:
        def noted(*arguments: Any) -> Tensor:
            called.append(name)
            return attend(*arguments)

        return noted

    spies = {name: spy(name, attend) for name, attend in attention.BACKENDS.items()}
    monkeypatch.setattr(attention, "BACKENDS", spies)
    layout, network = problem.layout, config.network(problem.layout)
    roles = torch.arange(len(network.role_names))
    GraphAttention(network)(torch.zeros(config.batch, layout.nodes, 32), layout.structure, roles)
    assert called == [found.choice.backend]
    assert (found.program, found.device, found.sizes["k"]) == ("bcmf", "cpu", k)
    assert (found.nodes, found.entries) == (layout.nodes, problem.mask.nnz)


def test_each_backend_is_tested_once_a_device() -> None:
    picks = [
        Chosen(p, {}, 1, 1, "cpu", Choice(b, "")) for p, b in (("a", "cpu"), ("b", "dense"), ("c", "cpu"))
    ]
    assert checked(picks) == [compare("cpu"), compare("dense")]
