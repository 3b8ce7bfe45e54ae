"""Steps of masked variables: which are revealed, and as what."""

from __future__ import annotations

import torch

from gsdmc.diffusion.noise import gumbel
from gsdmc.diffusion.sampling.masked import choose_reveals, draw_values, margin


def test_reveals_follow_scores_down_to_the_quota() -> None:
    masked = torch.tensor([[True, True, False, True], [True, False, False, False]])
    scores = torch.tensor([[0.1, 0.9, 5.0, 0.5], [0.0, 0.0, 0.0, 0.0]])
    shown = choose_reveals(masked, scores, torch.tensor([1, 1]))
    assert shown.tolist() == [[False, True, False, True], [False, False, False, False]]


def test_gumbel_draws_have_the_categorical_frequencies() -> None:
    log_p = torch.tensor([0.2, 0.5, 0.3]).log().expand(50_000, 3)
    uniform = torch.rand(50_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    frequencies = torch.bincount(draw_values(log_p, gumbel(uniform))) / 50_000
    torch.testing.assert_close(frequencies, log_p[0].exp(), atol=0.01, rtol=0)


def test_margin_is_the_gap_between_the_two_likeliest() -> None:
    probabilities = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    torch.testing.assert_close(margin(probabilities.log()).float(), torch.tensor([0.2, 1.0]))
