from __future__ import annotations

import pytest
import torch

from gsdmc.training.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 4, 16), (2, 16, 4)])
def test_updates_are_nearly_orthogonal(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(orthogonalise(matrices))
    assert singular.min() > 0.3
    assert singular.max() < 1.4


def test_it_minimises_a_quadratic() -> None:
    g = torch.Generator().manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(6, 4, generator=g))
    target = torch.randn(6, 4, generator=g)
    optimiser = Muon([weight], lr=0.05)
    for _ in range(200):
        optimiser.zero_grad()
        (weight - target).square().sum().backward()
        optimiser.step()
    assert (weight - target).abs().max() < 0.2
