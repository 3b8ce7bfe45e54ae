"""Scores of figures are right on values where they are known, and queries give what they should."""

from __future__ import annotations

import pytest
import torch
from paper import bcmf
from paper.questions import Answer, cells, factorisation_error, nothing, outputs_right, permutations_right
from paper.training import Joint

import gsdmc
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import generator


def test_truth_has_no_error() -> None:
    problem = gsdmc.compile("bcmf", m=3, n=4, k=2)
    truth = problem.simulate(50, seed=0)
    own, prior = factorisation_error(problem, Answer(truth, {}, truth), 0)
    assert own < 1e-6
    assert prior == pytest.approx(2**0.5 * bcmf.spread(2), rel=0.1)  # two draws of one variance


def test_no_constant_estimate_is_better_than_the_spread() -> None:
    values = gsdmc.compile("bcmf", m=4, n=4, k=3).simulate(20_000, seed=0)["E"]
    assert values.std().item() == pytest.approx(bcmf.spread(3), rel=0.01)


def test_shares_of_what_is_right() -> None:
    truth = {"P": torch.eye(3).bool().expand(2, 3, 3), "y": torch.tensor([[True, False], [True, True]])}
    sample = {"P": truth["P"].clone(), "y": torch.tensor([[False, False], [True, False]])}
    sample["P"][0, 0] = torch.tensor([False, True, False])
    assert permutations_right(Answer(truth, {}, sample)) == (0.5, pytest.approx(5 / 6))
    assert outputs_right(Answer(truth, {}, sample)) == 0.5


def test_queries() -> None:
    sudoku = gsdmc.compile("sudoku")
    assert cells(sudoku, 5, 16, 0)["cell"].flatten(1).sum(1).tolist() == [16] * 5
    problem = gsdmc.compile("bcmf")
    assert not any(mask.any() for mask in nothing(problem, 3).values())
    joint = Joint(problem, {})
    masks = draw_masks(joint.layout, joint.givens, 8, generator(0))
    assert not any(mask.any() for mask in masks.values())
