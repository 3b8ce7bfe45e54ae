from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.any_order import any_order_log_prob, clock, random_orders
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import BOOLEAN, REAL, category
from tests.diffusion.exact import ExactConditionals, ExactDenoiser
from tests.model.problems import HandProblem, clusters, make_layout
from tests.model.test_denoiser import denoiser_for

SHAPES = {"a": (2,), "b": (), "c": (2,)}
LAYOUT = make_layout(
    [("a", BOOLEAN, (2,)), ("b", category(3), ()), ("c", category(2), (2,))],
    [("of", np.array([2, 3, 4]), np.array([0, 1, 2]))],
)
PROBLEM = HandProblem("small", LAYOUT, lambda batch, seed: {}, (), lambda: PROBLEM)
PROCESS = Process(ProcessConfig(mask_power=1.5), Standardiser.identity(LAYOUT))
EVERY = torch.tensor(list(product(range(2), range(2), range(3), range(2), range(2))))  # [48, 5]


def arrays(rows: Tensor) -> dict[str, Tensor]:
    return {"a": rows[:, :2].bool(), "b": rows[:, 2], "c": rows[:, 3:]}


def nothing(batch: int) -> dict[str, Tensor]:
    return {name: torch.zeros(batch, *shape, dtype=torch.bool) for name, shape in SHAPES.items()}


def table(seed: int = 0) -> tuple[Tensor, ExactDenoiser]:
    """A random joint distribution of all 48 outcomes, and its denoiser."""
    weights = torch.rand(48, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) ** 3
    weights = weights / weights.sum()
    return weights, ExactDenoiser(PROCESS, weights, arrays(EVERY), {}, torch.zeros(0, 0))


@pytest.mark.parametrize("priorities", [torch.arange(5.0)[None], torch.tensor([[3.0, 1.0, 4.0, 0.0, 2.0]])])
def test_any_network_has_a_normalised_distribution_in_any_order(priorities: Tensor) -> None:
    found = any_order_log_prob(
        Question(denoiser_for(PROBLEM), LAYOUT, PROCESS, arrays(EVERY), nothing(48)),
        priorities.double(),
        rows=37,
    )
    assert found.value.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert not found.error.any()


def test_a_mixture_of_orders_is_normalised_and_orders_of_a_network_differ() -> None:
    orders = random_orders(PROCESS, LAYOUT, 4, torch.Generator().manual_seed(0))
    found = any_order_log_prob(
        Question(denoiser_for(PROBLEM), LAYOUT, PROCESS, arrays(EVERY), nothing(48)), orders
    )
    assert found.value.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert (found.error > 1e-4).any()


def test_any_network_is_normalised_given_evidence() -> None:
    """Evidence on b and on one element of c: the rest sums to one for each of its values."""
    seen = nothing(48)
    seen["b"] |= True
    seen["c"][:, 1] = True
    orders = random_orders(PROCESS, LAYOUT, 2, torch.Generator().manual_seed(1))
    found = any_order_log_prob(Question(denoiser_for(PROBLEM), LAYOUT, PROCESS, arrays(EVERY), seen), orders)
    group = EVERY[:, 2] * 2 + EVERY[:, 4]
    sums = torch.zeros(6, dtype=torch.float64).index_add(0, group, found.value.exp())
    torch.testing.assert_close(sums, torch.ones(6, dtype=torch.float64))


@pytest.mark.parametrize("order", list(permutations(range(5)))[::17])
def test_an_exact_denoiser_gives_the_joint_in_every_order(order: tuple[int, ...]) -> None:
    weights, denoiser = table()
    priorities = torch.tensor([order], dtype=torch.float64)
    found = any_order_log_prob(Question(denoiser, LAYOUT, PROCESS, arrays(EVERY), nothing(48)), priorities)
    torch.testing.assert_close(found.value, weights.log(), atol=1e-6, rtol=1e-6)


def test_an_exact_denoiser_gives_conditionals_that_differ_by_example() -> None:
    weights, denoiser = table(1)
    seen = nothing(48)
    seen["a"][:24] = True
    seen["b"][24:] = True
    orders = random_orders(PROCESS, LAYOUT, 3, torch.Generator().manual_seed(0))
    found = any_order_log_prob(Question(denoiser, LAYOUT, PROCESS, arrays(EVERY), seen), orders)
    given_a, given_b = EVERY[:, 0] * 2 + EVERY[:, 1], EVERY[:, 2]
    total_a = torch.zeros(4, dtype=torch.float64).index_add(0, given_a, weights)
    total_b = torch.zeros(3, dtype=torch.float64).index_add(0, given_b, weights)
    expected = torch.cat([(weights / total_a[given_a])[:24], (weights / total_b[given_b])[24:]]).log()
    torch.testing.assert_close(found.value, expected, atol=1e-6, rtol=1e-6)
    assert (found.error < 1e-6).all()


def test_the_impossible_has_no_probability_and_the_certain_no_error() -> None:
    weights = torch.zeros(48, dtype=torch.float64)
    weights[7] = 1
    denoiser = ExactDenoiser(PROCESS, weights, arrays(EVERY), {}, torch.zeros(0, 0))
    certain = arrays(EVERY[[7]])
    orders = random_orders(PROCESS, LAYOUT, 2, torch.Generator().manual_seed(0))
    found = any_order_log_prob(Question(denoiser, LAYOUT, PROCESS, certain, nothing(1)), orders)
    assert (found.value.item(), found.error.item()) == (0.0, 0.0)
    impossible = any_order_log_prob(
        Question(denoiser, LAYOUT, PROCESS, arrays(EVERY[[8]]), nothing(1)), orders
    )
    assert impossible.value.item() == -torch.inf


def test_everything_given_is_certain() -> None:
    everything = {name: ~seen for name, seen in nothing(48).items()}
    orders = random_orders(PROCESS, LAYOUT, 1, torch.Generator())
    found = any_order_log_prob(
        Question(denoiser_for(PROBLEM), LAYOUT, PROCESS, arrays(EVERY), everything), orders
    )
    assert not found.value.any()


def masked_reals() -> tuple[HandProblem, Process, Tensor]:
    """Reals x, of two, and y, jointly normal in scales of their own, that run the masked process."""
    layout = make_layout([("x", REAL, (2,)), ("y", REAL, ())], [("of", np.array([2]), np.array([0]))])
    std = torch.tensor([[10.0], [0.1]], dtype=torch.float64)
    process = Process(
        ProcessConfig(reals="masked", components=1), Standardiser(layout.embedding_keys, std / 5, std)
    )
    root = torch.tensor([[1.0, 0, 0], [0.8, 0.4, 0], [-0.5, 0.3, 0.6]], dtype=torch.float64)
    problem = HandProblem("reals", layout, lambda batch, seed: {}, (), lambda: problem)
    return problem, process, root


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_masked_reals_have_the_density_of_an_exact_denoiser_in_every_order(order: tuple[int, ...]) -> None:
    problem, process, root = masked_reals()
    states = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) @ root.T
    values = {"x": states[:, :2] * 10 + 2, "y": states[:, 2] * 0.1 + 0.02}
    denoiser = ExactConditionals(root @ root.T)
    nothing = {"x": torch.zeros(5, 2, dtype=torch.bool), "y": torch.zeros(5, dtype=torch.bool)}
    law = torch.distributions.MultivariateNormal(torch.zeros(3, dtype=torch.float64), scale_tril=root)
    expected = law.log_prob(states) - np.log(10 * 10 * 0.1)
    priorities = torch.tensor([order], dtype=torch.float64)
    found = any_order_log_prob(Question(denoiser, problem.layout, process, values, nothing), priorities)
    # The mixture's least standard deviation of a thousandth adds to each.
    torch.testing.assert_close(found.value, expected, atol=0.02, rtol=0)
    given_y = nothing | {"y": ~nothing["y"]}
    left = any_order_log_prob(Question(denoiser, problem.layout, process, values, given_y), priorities)
    spread = (root @ root.T)[2, 2].sqrt()
    evidence = torch.distributions.Normal(0.0, spread).log_prob(states[:, 2]) - np.log(0.1)
    torch.testing.assert_close(left.value, expected - evidence, atol=0.02, rtol=0)


def test_the_clock_is_that_of_the_masking() -> None:
    share = torch.tensor([0.1, 0.5, 1.0], dtype=torch.float64)
    torch.testing.assert_close(PROCESS.masking(clock(PROCESS, share)), share)


def test_what_is_not_masked_has_no_order() -> None:
    problem = clusters(2)
    values = problem.simulate(3, 0)
    seen = {s.name: torch.zeros(3, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    with pytest.raises(ValueError, match="of pi, which no masked process runs"):
        any_order_log_prob(
            Question(denoiser_for(problem), problem.layout, process, values, seen), torch.zeros(1, 2)
        )
    with pytest.raises(ValueError, match=r"expected \[orders, 5\]"):
        any_order_log_prob(
            Question(denoiser_for(PROBLEM), LAYOUT, PROCESS, arrays(EVERY), nothing(48)), torch.zeros(1, 4)
        )
