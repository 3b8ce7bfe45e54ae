from __future__ import annotations

import numpy as np
import pytest

import gsdmc
from gsdmc.inference.model import Model

E = np.full((5, 5), 0.5)


def test_samples_are_arrays_with_plates_and_evidence_comes_back(bcmf: Model) -> None:
    samples = bcmf.sample({"E": E}, num_samples=3, steps=2)
    assert {name: a.shape for name, a in samples.items()} == {
        "A": (3, 5, 3),
        "R": (3, 3, 5),
        "C": (3, 5, 5, 3),
        "E": (3, 5, 5),
    }
    assert samples.dims["A"] == ("sample", "i", "t")
    assert (samples["A"].dtype, samples["R"].dtype) == (np.float32, np.bool_)
    np.testing.assert_array_equal(samples["E"], np.broadcast_to(E, (3, 5, 5)))
    assert ((samples["A"] >= 0) & (samples["A"] <= 1)).all()


def test_equal_seeds_equal_samples(bcmf: Model) -> None:
    first, again, other = (
        bcmf.sample({"E": E}, num_samples=2, seed=seed, steps=2)["A"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[0] != first[1]).any()


def test_sizes_follow_the_evidence_or_are_set(bcmf: Model) -> None:
    assert bcmf.sample({"E": np.zeros((7, 4))}, steps=1)["A"].shape == (1, 7, 3)
    assert bcmf.sample({"E": np.zeros((7, 4))}, steps=1, k=1)["A"].shape == (1, 7, 1)
    larger = bcmf.resized(m=2, n=2)
    assert larger.sample({"E": np.zeros((2, 2))}, steps=1)["R"].shape == (1, 3, 2)
    with pytest.raises(gsdmc.GsdmcError, match="has size 7 along i, but m = 2"):
        larger.sample({"E": np.zeros((7, 4))}, steps=1)
    with pytest.raises(gsdmc.GsdmcError, match="no def `q`"):
        bcmf.sample({"E": E}, q=3)


def test_restoration_recomputes_all_but_the_evidence(bcmf: Model) -> None:
    raw = bcmf.sample({"E": E}, num_samples=4, steps=2, restore=False)
    restored = bcmf.sample({"E": E}, num_samples=4, steps=2)
    assert (raw.is_restored, restored.is_restored) == (False, True)
    assert not restored.network.is_restored
    for name, array in raw.items():
        np.testing.assert_array_equal(restored.network[name], array)
    for name in ("A", "R", "E"):
        np.testing.assert_array_equal(raw[name], restored[name])
    products = raw["A"][:, :, None, :] * raw["R"].transpose(0, 2, 1)[:, None]
    np.testing.assert_allclose(restored["C"], products, rtol=1e-6)
    assert (raw["C"] != restored["C"]).any()


def test_queries_outside_the_family_need_leave(bcmf: Model) -> None:
    partly = E.copy()
    partly[0, 0] = np.nan
    with pytest.raises(gsdmc.GsdmcError, match='lacks an entry of "E"'):
        bcmf.sample({"E": partly}, steps=1)
    samples = bcmf.sample({"E": partly, "R": np.zeros((3, 5))}, steps=1, strict=False)
    assert samples["E"][0, 0, 1] == 0.5
    assert not samples["R"].any()
    with pytest.raises(gsdmc.GsdmcError, match='lacks "E"'):
        bcmf.sample(steps=1)


def test_partly_observed_arrays_of_every_kind_stay_as_given(any_query: Model) -> None:
    drawn = {name: v[0].numpy() for name, v in any_query.problem.simulate(1, seed=5).items()}
    hidden = np.array([False, True, False, True])
    evidence = {
        name: np.ma.array(v, mask=np.broadcast_to(hidden.reshape(4, *[1] * (v.ndim - 1)), v.shape))
        for name, v in drawn.items()
    }
    samples = any_query.sample(evidence, num_samples=2, steps=2)
    for name, value in drawn.items():
        np.testing.assert_array_equal(samples[name][:, [0, 2]], np.stack([value[[0, 2]]] * 2))
    assert (samples["positive"] >= 0).all()
    assert set(np.unique(samples["category"])) <= {0, 1, 2, 3}
    assert (samples["simplex"] > 0).all()
    np.testing.assert_allclose(samples["simplex"].sum(-1), 1, rtol=1e-6)


def test_nonsense_numbers_are_refused(bcmf: Model) -> None:
    for nonsense in ({"num_samples": 0}, {"steps": 0}):
        with pytest.raises(gsdmc.GsdmcError, match="at least one"):
            bcmf.sample({"E": E}, **nonsense)
    with pytest.raises(gsdmc.GsdmcError, match="at least one"):
        bcmf.evaluate(0)


def test_fixed_plates_stay(tiny: object) -> None:
    model = gsdmc.train("boolean", n=2, steps=1, preset=tiny, out=None)  # type: ignore[arg-type]
    with pytest.raises(gsdmc.GsdmcError, match="it is fixed"):
        model.resized(n=3)


def test_a_model_introduces_itself(bcmf: Model) -> None:
    assert repr(bcmf) == (
        f"<gsdmc model bcmf(m=5, n=5, k=3): {bcmf.parameters} parameters, 2 steps, trained with E given>"
    )
