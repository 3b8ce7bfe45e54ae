"""The mixture of query families, against what each family must observe and how often it must come."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.layout.layout import Layout
from gsdmc.training.conditioning import draw_mixture, draw_uniform, mixture_of, stratified
from tests.model.problems import boolean, chain, latin

BATCH = 20_000


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def families(layout: Layout, batch: int = BATCH) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A batch's masks, and which rows give exactly the data and exactly the parameters."""
    flat = draw_mixture(layout, batch, generator())
    data, parameters = (
        torch.cat([torch.full((s.size,), s.part == part) for s in layout.arrays])
        for part in ("data", "parameter")
    )
    return flat, (flat == data).all(1), (flat == parameters).all(1)


def test_the_families_have_equal_parts() -> None:
    layout = compile_problem("bcmf", m=4, n=4, k=3).layout  # large enough for few subsets to be a family
    flat, posterior, likelihood = families(layout)
    empty = ~flat.any(1)
    sizes = [s.size for s in layout.arrays]
    whole = torch.stack([p.all(1) | ~p.any(1) for p in flat.split(sizes, 1)]).all(0)
    # Half of the subsets are of four arrays. Those that hold none, exactly E or exactly A and R add to the
    # other families; those of all four lose one.
    low, high = 0.3, 0.7
    none, data, parameters = (0.1 * sum(p**k * (1 - p) ** (4 - k) for p in (low, high)) for k in (0, 1, 2))
    assert empty.float().mean().item() == pytest.approx(0.2 + none, abs=0.01)
    assert posterior.float().mean().item() == pytest.approx(0.2 + data, abs=0.01)
    assert likelihood.float().mean().item() == pytest.approx(0.2 + parameters, abs=0.01)
    elements = flat[~whole].float().mean(1)
    assert (~whole).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (elements < 0.5).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert elements[elements < 0.5].mean().item() == pytest.approx(low, abs=0.01)
    assert elements[elements > 0.5].mean().item() == pytest.approx(high, abs=0.01)


def test_families_come_in_their_proportions_in_every_batch() -> None:
    layout = compile_problem("bcmf", m=4, n=4, k=3).layout
    mixture = mixture_of(layout)
    shares = mixture.bounds.diff(prepend=torch.zeros(1, dtype=torch.float64))
    assert shares.tolist() == pytest.approx([0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1])
    for seed in range(20):
        family = torch.searchsorted(mixture.bounds, stratified(32, generator(seed)), right=True)
        counts = torch.bincount(family, minlength=len(shares))
        assert ((counts - 32 * shares).abs() < 1).all()


def test_families_that_observe_everything_or_nothing_are_left_out() -> None:
    alone = latin(3).layout  # one array, of no part: no posterior, no likelihood, no whole arrays
    mixture = mixture_of(alone)
    assert mixture.bounds.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert not mixture.whole.any()
    assert mixture.elements.tolist() == pytest.approx([0, 0.3, 0.7])
    parts = replace(alone, arrays=tuple(replace(s, part="data") for s in alone.arrays))
    assert torch.equal(mixture_of(parts).bounds, mixture.bounds)


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 1000))
def test_something_is_always_left_to_infer(length: int, batch: int, seed: int) -> None:
    for layout in (chain(length).layout, boolean(1).layout):
        flat = draw_mixture(layout, batch, generator(seed))
        assert flat.shape == (batch, layout.nodes)
        assert not flat.all(1).any()
        assert torch.equal(flat, draw_mixture(layout, batch, generator(seed)))
    assert not draw_uniform(batch, length, generator(seed)).all(1).any()


def test_every_subset_of_a_small_program_is_a_query() -> None:
    flat = draw_mixture(chain(3).layout, BATCH, generator())
    found = {tuple(row) for row in flat.int().tolist()}
    assert len(found) == 2**3 - 1


def test_empty_arrays_are_no_arrays() -> None:
    text = """(def n 0)
    [(sample "x" (normal 0 1)) (sample "z" (normal 0 1))
     (foreach n [i (range n)] (sample "y" (normal 0 1)))]"""
    layout = compile_text(text, "empty.clj").layout
    assert sorted(s.size for s in layout.arrays) == [0, 1, 1]
    mixture = mixture_of(layout)
    assert mixture.array_of_node.tolist() == [0, 1]
    flat = draw_mixture(layout, BATCH, generator())
    assert not flat.all(1).any()
    assert flat.any(0).all()


def test_numbers_of_a_batch_are_stratified_and_in_no_order() -> None:
    drawn = torch.stack([stratified(8, generator(seed)) for seed in range(4000)])  # [draws, 8]
    assert torch.equal((drawn * 8).long().sort(1).values, torch.arange(8).expand(4000, 8))
    assert (drawn.mean(0) - 0.5).abs().max() < 0.03  # each place of the batch sees every stratum
    assert (drawn[:, 0] * 8 % 1).mean().item() == pytest.approx(0.5, abs=0.03)


def test_uniform_subsets_have_the_size_that_was_drawn() -> None:
    drawn = draw_uniform(900, 9, generator())
    assert torch.bincount(drawn.sum(1), minlength=10).tolist() == [100] * 9 + [0]
    assert not draw_uniform(5, 1, generator()).any()
