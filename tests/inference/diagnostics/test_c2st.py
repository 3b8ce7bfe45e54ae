"""The classifier two-sample test on samples whose distributions are known."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gsdmc.inference.diagnostics.c2st import CLASSIFIERS, Classifier, c2st
from gsdmc.language.source import GsdmcError

pytest.importorskip("sklearn")


def normals(seed: int, count: int = 200, size: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, size))


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_equal_distributions_give_a_half_and_distant_ones_give_one(classifier: Classifier) -> None:
    assert abs(c2st(normals(0), normals(1), classifier) - 0.5) < 0.1
    assert c2st(normals(0), normals(1) + 8, classifier) > 0.99


def test_two_unit_normals_apart_come_near_the_best_possible_accuracy() -> None:
    """Means 2 apart: the best classifier is right with probability Φ(1) = 0.8413."""
    one, two = normals(2, 1500, 1), normals(3, 1500, 1) + 2
    assert c2st(one, two, "mlp") == pytest.approx(0.8413, abs=0.02)


def test_scale_and_place_of_the_reference_do_not_matter() -> None:
    one, two = normals(4, 100), 0.7 * normals(5, 100)
    moved = [1e4 + 1e3 * x for x in (one, two)]
    assert c2st(one, two) == pytest.approx(c2st(*moved), abs=0.02)


def test_a_constant_column_is_no_obstacle() -> None:
    one, two = normals(6, 100), normals(7, 100)
    one[:, 1] = two[:, 1] = 3.0
    assert abs(c2st(one, two) - 0.5) < 0.15


def test_equal_seeds_give_equal_accuracies() -> None:
    one, two = normals(8, 100), normals(9, 100)
    assert c2st(one, two, seed=3) == c2st(one, two, seed=3)


def test_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GsdmcError, match="must have one shape"):
        c2st(normals(0, 50), normals(1, 60))
    with pytest.raises(GsdmcError, match=r"has shape \(50,\)"):
        c2st(normals(0, 50)[:, 0], normals(1, 50)[:, 0])
    bad = normals(0, 50)
    bad[3, 1] = np.nan
    with pytest.raises(GsdmcError, match="1 of 50 samples are not"):
        c2st(normals(0, 50), bad)
    with pytest.raises(GsdmcError, match="5 folds need at least 5 samples"):
        c2st(normals(0, 3), normals(1, 3))
    with pytest.raises(ValueError, match="no classifier 'svm'"):
        c2st(normals(0, 50), normals(1, 50), "svm")  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "sklearn.model_selection", None)
    with pytest.raises(GsdmcError, match="needs scikit-learn") as error:
        c2st(normals(0, 50), normals(1, 50))
    assert error.value.hint == 'install it: pip install "gsdmc[diagnostics]"'
