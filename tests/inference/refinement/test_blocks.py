from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from gsdmc.inference.refinement import blocks as module
from gsdmc.inference.refinement.blocks import Blocks, blocks_of
from gsdmc.inference.refinement.jacobian import Jacobian

PATTERN = np.zeros((9, 8), dtype=bool)
PATTERN[:3, :2] = True  # more residuals than numbers
PATTERN[3:5, 2:4] = True  # as many
PATTERN[5, 4:7] = True  # fewer
PATTERN[6, 7] = True  # alone; the last two residuals depend on nothing


def built() -> tuple[Jacobian, Blocks]:
    order = np.random.default_rng(1).permutation(8)
    jacobian = Jacobian.of(csr_array(PATTERN[::-1][:, order]))
    return jacobian, blocks_of(jacobian)


def test_blocks_are_the_connected_parts() -> None:
    _, blocks = built()
    assert blocks.count == 5
    assert sorted((g.rows.shape[1], g.columns.shape[1]) for g in blocks.groups) == [
        (1, 1),
        (1, 3),
        (2, 2),
        (3, 2),
    ]
    assert blocks.of_row[:2].tolist() == [4, 4]
    assert blocks.summed(torch.ones(1, 9)).sum() == 9


@pytest.mark.parametrize("dense", [1 << 22, 0])
def test_steps_solve_the_damped_problem_of_each_block(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    jacobian, blocks = built()
    generator = torch.Generator().manual_seed(0)
    entries = torch.randn(3, len(jacobian.rows), generator=generator, dtype=torch.float64)
    residual = torch.randn(3, 9, generator=generator, dtype=torch.float64)
    damping = torch.rand(3, blocks.count, generator=generator, dtype=torch.float64) + 1e-6
    step = blocks.step(entries, residual, damping)
    whole = torch.zeros(3, 9, 8, dtype=torch.float64)
    whole[:, jacobian.rows, jacobian.columns] = entries
    normal = whole.mT @ whole + torch.diag_embed(damping[:, blocks.of_column])
    expected = -torch.linalg.solve(normal, whole.mT @ residual[..., None])[..., 0]
    torch.testing.assert_close(step, expected, rtol=1e-7, atol=1e-9)


def test_a_system_without_numbers_has_no_blocks() -> None:
    blocks = blocks_of(Jacobian.of(csr_array(np.zeros((2, 0), dtype=bool))))
    assert (blocks.count, blocks.groups) == (1, ())
