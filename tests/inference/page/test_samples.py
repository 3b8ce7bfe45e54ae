from __future__ import annotations

from dataclasses import replace

import torch

from gsdmc.inference.model import Model
from gsdmc.inference.page.example import Example, draw_example
from gsdmc.inference.page.samples import samples_html
from tests.pages import read


def without(example: Example, name: str, value: float) -> Example:
    """The example with one value of an array replaced."""
    tensors = {**example.samples.tensors}
    changed = tensors[name].clone()
    changed.flatten()[0] = value
    return replace(example, samples=replace(example.samples, tensors={**tensors, name: changed}))


def test_every_kind_has_its_picture(any_query: Model) -> None:
    html = samples_html(draw_example(any_query.problem, any_query.trained, 5, seed=0, steps=1))
    assert html.count('class="half"') + html.count('class="whole"') == 9
    assert "real: intervals of 5 samples and the truth" in html
    assert "share of samples" in html  # of booleans
    assert "most frequent" in html  # of categories
    assert "mean of samples" in html  # of vectors
    assert "drawn by the program, seed 0" in html


def test_values_that_are_not_finite_are_said_and_not_drawn(any_query: Model) -> None:
    example = draw_example(any_query.problem, any_query.trained, 3, seed=0, steps=1)
    html = samples_html(without(example, "real", float("nan")))
    assert html.count("not drawn: some values are not finite") == 1


def test_partial_evidence_is_a_panel_with_holes(any_query: Model) -> None:
    example = draw_example(any_query.problem, any_query.trained, 3, seed=0, steps=1)
    some = torch.tensor([True, False, False, False])
    observed = {**example.samples.observed, "boolean": some}
    html = samples_html(replace(example, samples=replace(example.samples, observed=observed)))
    assert "boolean: given" in html
    assert "1 of 4" in html


def test_large_arrays_and_many_are_left_out(any_query: Model, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from gsdmc.inference.page import samples

    monkeypatch.setattr(samples, "MOST_ARRAYS", 2)
    monkeypatch.setattr(samples, "LARGEST", 3)
    page = read(samples_html(draw_example(any_query.problem, any_query.trained, 2, seed=0, steps=1)))
    assert "4 elements are too many to draw here" in page.text
    assert "and 7 arrays more" in page.text
