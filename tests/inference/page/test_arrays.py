from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from gsdmc.inference.page.arrays import cells, coloured, histogram, intervals, matrix


def test_bars_hold_all_samples() -> None:
    draws = np.random.default_rng(0).normal(size=500)
    root = ElementTree.fromstring(histogram(draws, 0.3, "w", discrete=False))
    heights = [float(e.get("height", 0)) for e in root.iter("rect")]
    assert len(heights) == 24
    assert max(heights) == pytest.approx((240 - 42 - 10) / 1.05, abs=0.2)
    assert len([e for e in root.iter("line") if e.get("class") == "truth"]) == 1


def test_discrete_values_have_a_bar_each() -> None:
    root = ElementTree.fromstring(histogram(np.array([0.0, 2, 2, 3]), 1, "w", discrete=True))
    assert len(list(root.iter("rect"))) == 4
    wide = ElementTree.fromstring(histogram(np.array([0.0, 1e6]), 5, "w", discrete=True))
    assert len(list(wide.iter("rect"))) == 24
    same = ElementTree.fromstring(histogram(np.full(5, 2.0), 2, "w", discrete=False))
    assert len(list(same.iter("rect"))) == 24


def test_intervals_of_what_is_inferred_alone() -> None:
    draws = np.random.default_rng(0).normal(size=(50, 6))
    seen = np.array([True, False, False, False, False, True])
    root = ElementTree.fromstring(intervals(draws, draws[0], seen, "w"))
    kinds = [e.get("class") for e in root.iter()]
    assert kinds.count("thin") == kinds.count("thick") == kinds.count("truth") == 4
    assert kinds.count("known") == 2


def test_cells_are_a_picture_of_a_pixel_each() -> None:
    values = np.array([[0.0, 1.0, np.nan], [0.5, 2.0, -1.0]])
    with Image.open(io.BytesIO(coloured(values, 0, 1))) as picture:
        assert picture.size == (3, 2)
        assert picture.getpixel((2, 0))[3] == 0  # type: ignore[index]
        assert picture.getpixel((1, 0)) == picture.getpixel((1, 1))  # above the top is the top
    root = ElementTree.fromstring(cells(values, 0, 1, "w", digits=True))
    (image,) = root.iter("image")
    assert base64.b64decode(image.get("href", "").partition(",")[2]).startswith(b"\x89PNG")
    assert [e.text for e in root.iter("text")] == ["0", "1", "0.5", "2", "−1"]
    assert not list(ElementTree.fromstring(cells(values, 0, 1, "w", digits=False)).iter("text"))


def test_dimensions_are_halved_into_rows_and_columns() -> None:
    assert matrix(np.zeros(5)).shape == (1, 5)
    assert matrix(np.zeros((2, 3))).shape == (2, 3)
    assert matrix(np.zeros((2, 3, 4))).shape == (2, 12)
    assert matrix(np.zeros((3, 3, 3, 3))).shape == (9, 9)
