from __future__ import annotations

import numpy as np

from gsdmc.inference.model import Model
from tests.pages import read


def test_a_model_shows_its_training_and_its_problem(bcmf: Model) -> None:
    page = read(bcmf._repr_html_())
    for words in (
        "gsdmc model of",
        "with E given, 2 steps, seed 0",
        "1 layer of width 32",
        f"{bcmf.parameters:,}",
    ):
        assert words in page.text
    assert "density" in page.text
    assert len(page.pictures) == 2


def test_samples_show_their_dimensions_and_whether_they_hold(bcmf: Model) -> None:
    evidence = {"E": np.full((2, 5, 5), 0.5)}
    samples = bcmf.sample(evidence, batched=True, num_samples=3, steps=1)
    page = read(samples._repr_html_())
    assert "dataset=2, sample=3, i=5, t=3" in page.text
    assert "50 of 50" in page.text
    assert f"{int(samples.valid.sum())} of 6" in page.text
