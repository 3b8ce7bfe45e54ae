"""Calibration of networks, trained and untrained."""

from __future__ import annotations

import pytest
import torch

import gsdmc
from gsdmc.inference.diagnostics.of_model import extremes, queries, sampler_of
from gsdmc.language.source import GsdmcError
from gsdmc.training.config import TrainingConfig

TINY = TrainingConfig(width=32, layers=1, heads=2, batch=8, reach=False)


def test_draws_keep_evidence_and_are_restored() -> None:
    model = gsdmc.train("bcmf", m=2, n=2, k=2, steps=1, preset=TINY, out=None)
    values = model.problem.simulate(6, seed=1)
    mask = {name: torch.full(v.shape, name == "E") for name, v in values.items()}
    drawn = sampler_of(model.problem, model.trained, steps=2)(values, mask, 5)
    again = sampler_of(model.problem, model.trained, steps=2)(values, mask, 5)
    raw = sampler_of(model.problem, model.trained, steps=2, restore=False)(values, mask, 5)
    assert torch.equal(drawn["E"], values["E"])
    assert all(torch.equal(drawn[name], again[name]) for name in drawn)
    assert torch.equal(drawn["A"], raw["A"])
    assert not torch.equal(drawn["C"], raw["C"])
    products = drawn["A"][:, :, None] * drawn["R"].mT[:, None].float()
    assert torch.allclose(drawn["C"], products)


def test_queries_and_what_they_observe_at_least_and_at_most() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    assert queries(problem, "program") == problem.givens
    assert queries(problem, "any") == ()
    (some,) = queries(problem, ["subset:A,R"])
    least, most = extremes(problem, [some, *problem.givens])
    assert [name for name, mask in least.items() if mask.all()] == ["E"]
    assert [name for name, mask in most.items() if mask.all()] == ["A", "R", "E"]
    with pytest.raises(GsdmcError, match='no array "F"'):
        queries(problem, "F")


@pytest.mark.slow
def test_a_trained_network_passes_and_an_untrained_one_does_not() -> None:
    text = """(let [b (sample "b" (bernoulli 0.3))] (sample "y" (bernoulli (if b 0.9 0.2))))"""
    import io

    problem = gsdmc.compile(io.StringIO(text), given="y")
    config = TrainingConfig(width=32, layers=2, heads=2, batch=64, reach=False)
    trained = gsdmc.train(problem, steps=300, preset=config, out=None)
    raw = gsdmc.train(problem, steps=1, preset=config, out=None)
    good, bad = (m.calibrate(1000, num_draws=19, steps=4) for m in (trained, raw))
    assert good.p_value > 1e-3
    assert bad.p_value < 1e-6
