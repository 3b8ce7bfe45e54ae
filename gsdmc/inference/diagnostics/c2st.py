"""The classifier two-sample test: how well a classifier tells two sets of samples apart."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gsdmc.language.source import GsdmcError

Classifier = Literal["forest", "mlp"]
CLASSIFIERS: tuple[Classifier, ...] = ("forest", "mlp")


def c2st(
    reference: ArrayLike,
    samples: ArrayLike,
    classifier: Classifier = "forest",
    *,
    seed: int = 1,
    folds: int = 5,
) -> float:
    """Accuracy of a classifier between two sets of samples, over held-out folds; 0.5 for equal distributions.

    Both sets are brought to the reference's mean and standard deviation. `mlp` is the classifier of the sbibm
    benchmark (Lueckmann et al. 2021): two hidden layers of 10 D rectified units, Adam, at most 10 000
    iterations. `forest` is scikit-learn's random forest as it comes (100 trees), as in the package sbi and in
    Simformer's figures (Gloeckler et al. 2024). The two see different faults; report both.

    Args:
        reference: `[N, D]`.
        samples: `[N, D]`.
        classifier: `forest` or `mlp`.
        seed: of the classifier and the folds.
        folds: of the cross-validation.

    Raises:
        GsdmcError: scikit-learn is not installed, sets of different or unsuitable shapes, or values that
            are not finite.
    """
    one, two = _points("reference", reference), _points("samples", samples)
    if one.shape != two.shape:
        raise GsdmcError(
            f"reference and samples must have one shape, but have {one.shape} and {two.shape}",
            hint="take as many samples as there are in the reference",
        )
    if len(one) < folds:
        raise GsdmcError(f"{folds} folds need at least {folds} samples in each set, not {len(one)}")
    scale = one.std(axis=0, ddof=1)
    scale[scale < 1e-14] = 1.0
    both = (np.concatenate([one, two]) - one.mean(axis=0)) / scale
    labels = np.repeat([0, 1], len(one))
    try:
        from sklearn.model_selection import KFold, cross_val_score
    except ImportError:
        raise GsdmcError(
            "the C2ST needs scikit-learn", hint='install it: pip install "gsdmc[diagnostics]"'
        ) from None
    shuffled = KFold(n_splits=folds, shuffle=True, random_state=seed)
    model = _classifier(classifier, one.shape[1], seed)
    return float(np.mean(cross_val_score(model, both, labels, cv=shuffled, scoring="accuracy")))


def _classifier(name: Classifier, size: int, seed: int) -> Any:
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(random_state=seed)
    if name == "mlp":
        from sklearn.neural_network import MLPClassifier

        hidden = (10 * size, 10 * size)
        return MLPClassifier(hidden, activation="relu", solver="adam", max_iter=10_000, random_state=seed)
    raise ValueError(f"no classifier {name!r}: expected {' or '.join(CLASSIFIERS)}")


def _points(name: str, data: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(data, dtype=np.float64)
    if points.ndim != 2 or not points.size:
        raise GsdmcError(f"the {name} must be a table of samples by numbers, but has shape {points.shape}")
    if not np.isfinite(points).all():
        bad = int((~np.isfinite(points)).any(axis=1).sum())
        raise GsdmcError(f"the {name} must be finite, but {bad} of {len(points)} samples are not")
    return points
