from __future__ import annotations

import pytest
import torch

from gsdmc.language.source import GsdmcError
from gsdmc.training.masks import draw_masks
from gsdmc.training.presets import preset
from tests.model.problems import bcmf, boolean, given, latin


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_targets_are_always_observed_and_nothing_else() -> None:
    masks = draw_masks(bcmf().layout, (given("E"),), 8, generator())
    assert masks["E"].all()
    assert not any(masks[n].any() for n in "ARC")


def test_subset_sizes_are_uniform_and_members_too() -> None:
    mask = draw_masks(latin(3).layout, (given(subset=("cell",)),), 18_000, generator())["cell"].reshape(-1, 9)
    sizes = torch.bincount(mask.sum(1), minlength=10)
    assert sizes[9] == 0
    assert (sizes[:9] - 2000).abs().max() < 250
    members = mask.float().mean(0)
    assert (members - 4 / 9).abs().max() < 0.02


def test_without_given_any_proper_subset_can_be_evidence() -> None:
    masks = draw_masks(boolean(2).layout, (), 4000, generator())
    flat = torch.cat([masks["x"], masks["y"]], dim=1)
    assert not flat.all(1).any()
    assert set(flat.sum(1).tolist()) == set(range(7))


def test_statements_add_up_and_never_observe_everything() -> None:
    layout = bcmf(2, 2, 2).layout
    givens = (given("E"), given(subset=("A", "R")), given(subset=("C",)))
    masks = draw_masks(layout, givens, 500, generator())
    assert masks["E"].all()
    assert masks["A"].any()
    assert masks["C"].any()
    overlapping = (given("E", "C", "R", subset=("A",)), given(subset=("A",)))
    assert not draw_masks(layout, overlapping, 2000, generator())["A"].reshape(2000, -1).all(1).any()


def test_what_cannot_be_given_is_refused() -> None:
    layout = bcmf(2, 2, 2).layout
    with pytest.raises(GsdmcError, match="nothing to infer"):
        draw_masks(layout, (given("A", "R", "C", "E"),), 1, generator())
    with pytest.raises(GsdmcError, match="no variable"):
        draw_masks(layout, (given("Q"),), 1, generator())


def test_without_given_the_paper_draws_uniformly_many() -> None:
    layout = boolean(2).layout
    masks = draw_masks(layout, (), 700, generator(), "uniform")
    flat = torch.cat([masks["x"], masks["y"]], dim=1)
    assert torch.bincount(flat.sum(1), minlength=8).tolist() == [100] * 7 + [0]
    assert preset("paper", "bcmf").conditioning == "uniform"
    assert preset("default", "bcmf").conditioning == "mixture"


def test_what_is_always_given_is_never_let_go() -> None:
    layout = bcmf(2, 2, 2).layout
    givens = (given("C", "E", "A"), given(subset=("A", "R")), given(subset=("R",)))
    masks = draw_masks(layout, givens, 3000, generator())
    assert all(masks[name].all() for name in "CEA")
    assert not masks["R"].flatten(1).all(1).any()
    assert masks["R"].flatten(1).sum(1).max() == 3
    with pytest.raises(GsdmcError, match="nothing to infer"):
        draw_masks(layout, (given("A", "R", "C", "E"), given(subset=("A",))), 1, generator())


def test_missing_values_thin_the_evidence_of_some_examples() -> None:
    masks = draw_masks(bcmf().layout, (given("E"),), 4000, generator(), missing=0.5)
    shares = masks["E"].flatten(1).float().mean(1)
    whole = shares == 1
    assert abs(whole.float().mean() - 0.5) < 0.04
    for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)):
        assert 0.15 < ((low <= shares) & (shares < high)).float().sum() / (~whole).sum() < 0.35
    assert not any(masks[n].any() for n in "ARC")
