from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from gsdmc.diffusion.noise import GeneratorNoise
from gsdmc.diffusion.predictive import Categorical, Point


def test_a_categorical_draws_what_it_gives_probability() -> None:
    log_p = torch.tensor([0.2, 0.5, 0.3]).log()
    many = Categorical(log_p.expand(50_000, 3))
    drawn = many.draw(GeneratorNoise(torch.Generator().manual_seed(0)), "z", 3)
    assert torch.equal(drawn.sum(-1), torch.ones(50_000))
    torch.testing.assert_close(drawn.mean(0), many.mean[0], atol=0.01, rtol=0)
    picked = Categorical(log_p.expand(3, 3)).log_prob(F.one_hot(torch.tensor([2, 0, 1]), 3).float())
    torch.testing.assert_close(picked, log_p[[2, 0, 1]])


def test_an_impossible_category_has_a_probability_of_none() -> None:
    certain = Categorical(torch.tensor([[0.0, -torch.inf]]))
    assert certain.log_prob(torch.tensor([[1.0, 0.0]])).item() == 0
    assert certain.log_prob(torch.tensor([[0.0, 1.0]])).item() == -torch.inf


def test_a_point_is_its_own_draw_and_has_no_density() -> None:
    point = Point(torch.tensor([[1.0, 2.0]]))
    assert torch.equal(point.draw(GeneratorNoise(torch.Generator()), "x", 0), point.mean)
    with pytest.raises(ValueError, match="no density"):
        point.log_prob(point.mean)
