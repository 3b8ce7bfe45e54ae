from __future__ import annotations

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.inference.samples import Samples


def drawn(problem: gsdmc.Problem, count: int = 3) -> Samples:
    values = problem.simulate(count, seed=0)
    nothing = {a.name: torch.zeros(a.shape, dtype=torch.bool) for a in problem.graph.arrays}
    return Samples(problem, values, nothing)


def test_joint_draws_have_no_residual(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    assert samples.num_samples == len(samples["real"]) == 3
    assert samples.residuals["sum"].shape == (3, 4)
    np.testing.assert_allclose(samples.residuals["sum"], 0, atol=1e-6)
    assert list(samples) == [a.name for a in kinds.graph.arrays]


def test_residuals_and_factors_see_what_was_changed() -> None:
    samples = drawn(gsdmc.compile("sorting", n=4))
    samples.tensors["s"][1, 2] += 0.5
    samples.tensors["P"][2, 0] = True
    samples.tensors["P"][2, 0, 1] = False
    np.testing.assert_allclose(samples.residuals["s"][1], [0, 0, -0.5, 0], atol=1e-6)
    assert samples.factors["row"].tolist() == [[True] * 4, [True] * 4, [False, True, True, True]]
    report = samples.verify()
    assert report.factors["row"].samples == 2 / 3
    assert report.factors["row"].instances == 11 / 12
    assert not samples.restored().residuals["s"].any()


def test_each_sample_is_judged() -> None:
    samples = drawn(gsdmc.compile("sorting", n=4))
    samples.tensors["s"][1, 2] += 0.5
    samples.tensors["P"][2, 0] = True
    assert samples.valid.tolist() == [True, False, False]
    assert samples.violations["s"].tolist() == [0, 1, 0]
    assert samples.violations["row"].tolist() == [0, 0, 1]
    assert samples.network.valid.tolist() == samples.valid.tolist()
    restored = samples.restored()
    assert restored.valid.tolist() == [True, True, False]
    assert restored.network.valid.tolist() == samples.valid.tolist()
    assert restored.report.restore is not None
    assert restored.report.restore.arrays["s"].changed > 0


def test_restoration_keeps_evidence(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    samples.observed["sum"][0] = True
    samples.tensors["sum"] += 1
    restored = samples.restored()
    assert restored.is_restored
    np.testing.assert_allclose(restored["sum"][:, 0], samples["sum"][:, 0])
    np.testing.assert_allclose(restored["sum"][:, 1:], samples["sum"][:, 1:] - 1, atol=1e-6)


def test_samples_introduce_themselves(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    samples.observed["boolean"][:2] = True
    text = repr(samples)
    assert "num_samples=3" in text
    assert "boolean(sample=3, i=4) bool, 2 of 4 given" in text
    assert "vector(sample=3, i=4, channel=2) float32\n" in text


def test_several_data_sets_are_counted_first(kinds: gsdmc.Problem) -> None:
    flat = drawn(kinds, 6)
    seen = {name: torch.stack([mask, mask]) for name, mask in flat.observed.items()}
    seen["sum"][1, 0] = True
    flat.tensors["sum"] += 1
    samples = Samples(kinds, flat.tensors, seen, num_datasets=2)
    assert samples.num_samples == 3
    assert "num_datasets=2, num_samples=3" in repr(samples)
    assert "vector(dataset=2, sample=3, i=4, channel=2) float32\n" in repr(samples)
    assert samples["simplex"].shape == (2, 3, 4, 3)
    assert samples.valid.tolist() == [[False] * 3] * 2
    assert samples.violations["sum"].shape == (2, 3)
    restored = samples.restored()
    np.testing.assert_allclose(restored["sum"][0], samples["sum"][0] - 1, atol=1e-6)
    np.testing.assert_array_equal(restored["sum"][1, :, 0], samples["sum"][1, :, 0])
    assert restored.valid.tolist() == [[True] * 3, [False] * 3]
    assert restored.network.valid.tolist() == samples.valid.tolist()
    second = restored.dataset(1)
    assert (second.num_datasets, second.is_restored) == (None, True)
    np.testing.assert_array_equal(second.network["sum"], samples["sum"][1])
    assert second.report.restore is not None
    assert second.report.restore.arrays["sum"].elements == 9
    with pytest.raises(gsdmc.GsdmcError, match="no data set 2; they are numbered 0 to 1"):
        samples.dataset(2)
    with pytest.raises(gsdmc.GsdmcError, match="of a single data set"):
        flat.dataset(0)
