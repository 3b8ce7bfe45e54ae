from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.model import Model
from gsdmc.training.config import TrainingConfig
from tests.elsewhere import FAR, Elsewhere

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


def test_values_may_be_missing_where_training_knew_that(tiny: TrainingConfig) -> None:
    evidence = {"E": np.where(np.eye(5, dtype=bool), np.nan, E)}
    for missing in (0.0, 0.5):
        config = tiny.with_changes(missing=missing)
        model = gsdmc.train("bcmf", steps=2, preset=config, out=None, m=5, n=5, k=2)
        if missing:
            found = model.sample(evidence, steps=2)["E"][0]
            np.testing.assert_array_equal(found[~np.eye(5, dtype=bool)], 0.5)
            assert np.isfinite(found).all()
        else:
            with pytest.raises(gsdmc.GsdmcError, match='lacks 5 entries of "E"'):
                model.sample(evidence, steps=2)


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


def test_many_data_sets_are_sampled_at_once(any_query: Model) -> None:
    truth = any_query.problem.simulate(2, seed=5)
    evidence = {name: truth[name].numpy() for name in ("real", "boolean", "vector")}
    evidence["real"][1, 0] = np.nan
    samples = any_query.sample(evidence, num_samples=3, batched=True, steps=2)
    assert (samples.num_datasets, samples.num_samples) == (2, 3)
    assert samples.dims["vector"] == ("dataset", "sample", "i", "channel")
    assert samples["vector"].shape == (2, 3, 4, 2)
    for number in range(2):
        own = samples.dataset(number)
        assert own.num_samples == 3
        for name, array in samples.items():
            np.testing.assert_array_equal(own[name], array[number])
        for name, given in evidence.items():
            here = own.observed[name].numpy()
            np.testing.assert_array_equal(own[name][:, here], np.stack([given[number][here]] * 3))
        assert own.valid.tolist() == samples.valid[number].tolist()
    assert samples.dataset(1).observed["real"].tolist() == [False, True, True, True]
    assert np.isfinite(samples["real"]).all()
    assert samples.residuals["sum"].shape == (2, 3, 4)
    assert not samples.residuals["sum"].any()
    assert (samples["category"][0] != samples["category"][1]).any()
    listed = [{name: value[d] for name, value in evidence.items()} for d in range(2)]
    again = any_query.sample(listed, num_samples=3, steps=2)
    np.testing.assert_array_equal(again["count"], samples["count"])


def test_labels_and_names_of_evidence_come_back(any_query: Model) -> None:
    frame = pd.DataFrame({"real": [0.5, np.nan, 1.0], "category": [1, 2, 0]}, index=["a", "b", "c"])
    samples = any_query.sample(frame, num_samples=2, steps=1)
    assert samples["sum"].shape == (2, 3)
    assert samples.to_xarray().sel(i="c")["real"].values.tolist() == [1, 1]
    out = samples.to_pandas("i")
    assert out.loc[(1, "a"), "category"] == 1
    evidence = {name: samples[name][0] for name in ("real", "positive", "interval", "sum")}
    first = {name: array[:1] for name, array in samples.items()}
    expected = any_query.log_prob(first, evidence, samples=2)
    for values in (samples.to_xarray().isel(sample=[0]), out.loc[[0]]):
        np.testing.assert_array_equal(any_query.log_prob(values, evidence, samples=2).value, expected.value)


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


def test_a_model_moves_where_there_is_a_device(bcmf: Model) -> None:
    assert bcmf.device == torch.device("cpu")
    assert bcmf.to("cpu").trained is bcmf.trained
    with pytest.raises(gsdmc.GsdmcError, match="`tpu` is no device"):
        bcmf.to("tpu")


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ('[(sample "a" (bernoulli 0.3)) (sample "b" (categorical [0.2 0.8]))]', "any-order"),
        ('[(sample "x" (normal 0 1)) (sample "s" (dirichlet [1.0 2.0 3.0]))]', "flow"),
        ('[(sample "x" (normal 0 1)) (sample "n" (poisson 3.0)) (sample "a" (bernoulli 0.3))]', "bound"),
    ],
)
def test_log_probabilities_come_from_elsewhere_too(text: str, method: str, tiny: TrainingConfig) -> None:
    model = gsdmc.train(compile_text(text, "small.clj"), steps=2, preset=tiny, out=None, device="cpu")
    drawn = model.problem.simulate(3, seed=0)
    options = {"samples": 4, "steps": 2, "orders": 2}
    here = model.log_prob(drawn, **options)
    assert here.method == method
    with Elsewhere():
        found = replace(model, trained=model.trained.to(FAR)).log_prob(drawn, **options)
    np.testing.assert_allclose(found.value, here.value, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.error, here.error, rtol=1e-2, atol=1e-3)


def test_double_precision_is_the_same_model_with_more_digits(any_query: Model) -> None:
    double = any_query.to(dtype="float64")
    assert (any_query.dtype, double.dtype) == (torch.float32, torch.float64)
    assert double.to(dtype=torch.float64).trained is double.trained
    assert double.to("cpu").dtype == torch.float64
    third = 1 / 3
    evidence = {"real": [third, None, 0.1, None], "boolean": [True, False, True, False]}
    exact, plain = (m.sample(evidence, num_samples=3, steps=3, seed=1) for m in (double, any_query))
    assert exact["real"][0, 0] == third
    assert float(plain["real"][0, 0]) != third
    for name, array in plain.items():
        assert exact[name].dtype == (np.float64 if array.dtype == np.float32 else array.dtype)
    np.testing.assert_allclose(exact["real"], plain["real"], atol=1e-3)
    residual = np.abs(exact["sum"] - (exact["real"] + exact["positive"] + exact["interval"])).max()
    assert residual < 1e-12
    assert double.evaluate(2, steps=1).problems == 2
    assert double.calibrate(4, num_draws=1, steps=1).problems == 4
    repaired = double.sample(evidence, steps=1, repair=1)
    assert repaired["real"].dtype == np.float64


def test_a_type_that_the_device_lacks_is_refused(bcmf: Model) -> None:
    with pytest.raises(gsdmc.GsdmcError, match="bfloat16 is for CUDA devices"):
        bcmf.to("cpu", "bfloat16")
    with pytest.raises(gsdmc.GsdmcError, match="`half` is no type"):
        bcmf.to(dtype="half")


def test_bfloat16_is_in_the_blocks_alone(any_query: Model) -> None:
    trained = any_query.trained.to(any_query.device, torch.float32, torch.bfloat16)  # as on a GPU
    low = replace(any_query, trained=trained)
    assert low.dtype == torch.bfloat16
    assert any_query.trained.autocast is None
    exact, rough = (m.sample(num_samples=4, steps=3)["real"] for m in (any_query, low))
    assert rough.dtype == np.float32
    assert not (rough == exact).all()
    np.testing.assert_allclose(rough, exact, atol=0.2)
    assert (torch.from_numpy(rough).bfloat16().float().numpy() != rough).any()
