"""The benchmark of samplers runs on every kind of program, and its figures are what they say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import samplers
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.language.kinds import REAL, category
from gsdmc.layout.layout import ArraySlot
from gsdmc.training.config import TrainingConfig

TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)
PROGRAMS = {
    "reals": '(foreach 3 [i (range 3)] (sample "x" (normal 0 1)))',
    "masked": '(foreach 3 [i (range 3)] (sample "c" (categorical [0.2 0.3 0.5])))',
    "mixed": """(foreach 3 [i (range 3)]
      (let [b (sample "b" (bernoulli 0.3)) x (sample "x" (normal 0 1))] (sample "y" (dirac (* b x)))))""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_sampler_is_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "model", tmp_path / "out.json"
    gsdmc.train(compile_text(PROGRAMS[name], f"{name}.clj"), steps=2, preset=TINY, out=folder)
    arguments = [str(folder), "--calls", "3", "--problems", "8", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["samplers.py", *arguments])
    samplers.main()
    found = json.loads(out.read_text())["samplers"]
    assert ("dpm2m / 3" in found) == (name != "masked")
    assert ("random / 3" in found) == (name != "reals")
    for figures in found.values():
        assert figures["calls"] <= figures["settings"]["steps"]
        assert 0 <= figures["valid"] <= 1
        assert figures["arrays"]
    assert found["reference: one by one" if name == "masked" else "reference: ancestral / 1000"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[-len(found) :]] == list(found)


def test_two_draws_tell_whether_posteriors_are_as_wide_as_they_should_be() -> None:
    slot = ArraySlot("x", REAL, (), 0, 1)
    g = torch.Generator().manual_seed(0)
    truth, a, b = torch.randn(3, 20_000, generator=g)
    asked = samplers.Asked({"x": truth}, {"x": torch.zeros(20_000, dtype=torch.bool)})
    right = samplers.agreement(slot, asked, {"x": a}, {"x": b})
    narrow = samplers.agreement(slot, asked, {"x": a / 2}, {"x": b / 2})
    wide = samplers.agreement(slot, asked, {"x": 2 * a}, {"x": 2 * b})
    assert right["spread"] == pytest.approx(1, abs=0.02)
    assert narrow["spread"] == pytest.approx((0.5 / 1.25) ** 0.5, abs=0.02)
    assert wide["spread"] == pytest.approx((8 / 5) ** 0.5, abs=0.02)
    assert right["energy"] == pytest.approx(torch.pi**-0.5, abs=0.02)
    assert right["energy"] < min(narrow["energy"], wide["energy"])
    exact = samplers.agreement(slot, asked, {"x": truth}, {"x": truth})
    assert exact == {"energy": 0, "spread": None}


def test_discrete_values_are_measured_by_how_often_they_differ() -> None:
    slot = ArraySlot("c", category(2), (), 0, 1)
    g = torch.Generator().manual_seed(0)
    truth, a, b = (torch.rand(3, 100_000, generator=g) < 0.3).long()
    asked = samplers.Asked({"c": truth}, {"c": torch.zeros(100_000, dtype=torch.bool)})
    right = samplers.agreement(slot, asked, {"c": a}, {"c": b})
    assert right["spread"] == pytest.approx(1, abs=0.03)
    assert right["energy"] == pytest.approx(0.21, abs=0.01)
    mode = samplers.agreement(slot, asked, {"c": 0 * a}, {"c": 0 * b})
    assert mode["spread"] == 0
    assert mode["energy"] > right["energy"]
