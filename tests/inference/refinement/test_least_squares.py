from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from torch import Tensor

from gsdmc.inference.refinement.blocks import blocks_of
from gsdmc.inference.refinement.jacobian import Jacobian
from gsdmc.inference.refinement.least_squares import LIMIT, System, minimise
from gsdmc.inference.refinement.supports import Supports


def system(
    function: Callable[[Tensor], Tensor],
    pattern: list[list[int]],
    low: float = -math.inf,
    high: float = math.inf,
    allowed: Callable[[Tensor], Tensor] | None = None,
) -> System:
    jacobian = Jacobian.of(csr_array(np.array(pattern, dtype=bool)))
    n = len(pattern[0])
    ones = torch.ones(n, dtype=torch.float64)
    supports = Supports(low * ones, high * ones, torch.zeros(n, dtype=torch.bool), torch.full((n,), -1), ones)

    def residuals(x: Tensor, who: Tensor) -> tuple[Tensor, Tensor]:
        fine = torch.ones(len(x), dtype=torch.bool) if allowed is None else allowed(x)
        return function(x), fine

    def entries(x: Tensor, who: Tensor) -> Tensor:
        return jacobian.entries(lambda at, _: function(at), x, 8)

    return System(residuals, entries, jacobian, blocks_of(jacobian), supports)


def rows(*numbers: list[float]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def test_curved_equations_are_solved_to_rounding() -> None:
    def rosenbrock(x: Tensor) -> Tensor:
        return torch.stack([10 * (x[:, 1] - x[:, 0].square()), 1 - x[:, 0]], 1)

    found = minimise(system(rosenbrock, [[1, 1], [1, 0]]), rows([-1.2, 1], [3, -2], [1, 1]))
    torch.testing.assert_close(found.x, torch.ones(3, 2, dtype=torch.float64), rtol=1e-12, atol=0)
    assert found.iterations[2] == 0
    assert (found.iterations[:2] > 0).all()


def test_what_the_equations_leave_open_stays_near() -> None:
    found = minimise(system(lambda x: x.sum(1, keepdim=True) - 6, [[1, 1, 1]]), rows([0, 1, 2]))
    torch.testing.assert_close(found.x, rows([1, 2, 3]), rtol=1e-10, atol=0)


def test_equations_that_have_no_solution_come_to_their_least_squares() -> None:
    def function(x: Tensor) -> Tensor:
        return torch.cat([x - 1, x - 3], 1)

    found = minimise(system(function, [[1], [1]]), rows([10]))
    torch.testing.assert_close(found.x, rows([2]), rtol=1e-6, atol=0)
    assert found.iterations[0] < LIMIT


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0, 2.0])
def test_ends_of_supports_are_reached_and_kept(target: float) -> None:
    """x + y = 2 target within the unit square, where both start near an end."""
    whole = system(lambda x: x.sum(1, keepdim=True) - 2 * target, [[1, 1]], 0, 1)
    found = minimise(whole, rows([0.01, 1.0]))
    assert ((found.x >= 0) & (found.x <= 1)).all()
    assert found.x.sum().item() == pytest.approx(min(2 * target, 2), abs=1e-12)


def test_blocks_do_not_wait_for_each_other() -> None:
    def function(x: Tensor) -> Tensor:
        return torch.stack([x[:, 0] - 4, x[:, 1].exp() + 1], 1)  # the second has no solution

    found = minimise(system(function, [[1, 0], [0, 1]]), rows([0, 0]))
    assert found.x[0, 0] == pytest.approx(4, abs=1e-14)
    assert found.x[0, 1] < 0


def test_numbers_that_are_not_allowed_are_never_taken() -> None:
    walled = system(lambda x: x - 5, [[1]], allowed=lambda x: x[:, 0] <= 2)
    found = minimise(walled, rows([0], [1.5]))
    assert ((found.x > 0) & (found.x <= 2)).all()


def test_what_is_no_number_is_left_as_it_was() -> None:
    found = minimise(system(lambda x: x.log() - 1, [[1]]), rows([-1], [1]))
    assert found.x[0] == -1
    assert found.x[1].item() == pytest.approx(math.e)
