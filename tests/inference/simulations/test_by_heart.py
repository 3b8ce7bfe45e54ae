"""The loss on simulations that were trained on, beside that on others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.simulations.by_heart import SEEN, UNSEEN, by_heart
from gsdmc.inference.simulations.keep import from_data
from gsdmc.training.config import TrainingConfig

PAIR = '(let [a (sample "a" (normal 0 1))] (sample "b" (normal a 1)))'
TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)


def pairs(count: int) -> dict[str, np.ndarray]:
    dice = np.random.default_rng(0)
    return {"a": dice.normal(size=count), "b": dice.normal(size=count)}


def test_what_is_compared_is_kept_and_the_same_again(tmp_path: Path) -> None:
    problem = compile_text(PAIR, "pair.clj")
    model = gsdmc.train(
        problem, data=pairs(40), held_out=0.25, steps=3, preset=TINY, out=tmp_path / "m", device="cpu"
    )
    kept = json.loads((tmp_path / "m" / "metrics.json").read_text())
    found = {name: model.metrics[name] for name in (SEEN, UNSEEN)}
    assert found == {name: kept[name] for name in found}
    assert found[SEEN] != found[UNSEEN]
    source = from_data(problem, pairs(40), 0.25, 0)
    assert by_heart(source, model.trained, 0) == pytest.approx(found)
    assert source.trained_on is not None
    source.trained_on.update({name: value[:10] for name, value in source.kept.values.items()})
    same = by_heart(source, model.trained, 0)
    assert same[SEEN] == same[UNSEEN] == pytest.approx(found[UNSEEN])


def test_there_is_nothing_to_compare_without_a_set_or_a_share() -> None:
    problem = compile_text(PAIR, "pair.clj")
    model = gsdmc.train(problem, data=pairs(40), held_out=0, steps=1, preset=TINY, out=None, device="cpu")
    assert SEEN not in model.metrics
    simulated = compile_text(
        PAIR, "pair.clj", simulator=lambda rng, n: {"a": rng.normal(size=n), "b": torch.zeros(n)}
    )
    assert SEEN not in gsdmc.train(simulated, steps=1, preset=TINY, out=None, device="cpu").metrics
