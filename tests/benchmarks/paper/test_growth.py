"""Exponents are those of powers, seen at large sizes."""

from __future__ import annotations

import pytest
from paper.growth import exponent


def test_exponents_of_powers() -> None:
    sizes = [3, 5, 9, 20]
    assert exponent(sizes, [7 * n**2.5 for n in sizes]) == pytest.approx(2.5)
    assert exponent([4], [1]) is None
    assert exponent([20, 10], [4, 2]) == pytest.approx(1)


def test_small_sizes_do_not_count() -> None:
    sizes = [1, 2, 4, 8, 16, 32, 64, 128]
    assert exponent(sizes, [max(n, 16) for n in sizes]) == pytest.approx(1)
