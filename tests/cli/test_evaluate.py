from __future__ import annotations

import json
from pathlib import Path

import pytest

import gsdmc
from gsdmc.cli.evaluate import describe
from gsdmc.cli.main import main
from gsdmc.training.config import TrainingConfig


def test_text_and_json_say_the_same(bcmf_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", str(bcmf_folder), "-n", "4", "--steps", "1", "--set", "m=2"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sizes"]["m"] == 2
    score = found["scores"][0]
    assert score["name"] == "RMSE(E, A R)"
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "bcmf (m=2, n=5, k=3), with E given: 4 fresh problems, one sample each, 1 network call" in out
    row = next(line for line in out.splitlines() if line.startswith("RMSE(E, A R)"))
    assert row.split()[3:] == [f"{score[k]:.4g}" for k in ("raw", "restored", "prior")]


def test_shares_recovery_and_factors_have_their_rows() -> None:
    tiny = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)
    model = gsdmc.train("sorting", n=4, steps=1, preset=tiny, out=None)
    text = describe(model.evaluate(2, steps=1))
    assert "Prior" not in text
    for row in (
        "lists with the exact permutation",
        "row: samples hold",
        "P: elements right",
        "s: error (RMS)",
    ):
        assert row in text


def test_refined_figures_have_a_column(bcmf_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(bcmf_folder), "-n", "4", "--steps", "1", "--polish", "--repair", "1"]) == 0
    out = capsys.readouterr().out
    header = out.splitlines()[2]
    assert header.split() == ["Score", "Network", "Restored", "Refined", "Prior"]
    row = next(line for line in out.splitlines() if line.startswith("E: residual"))
    restored, refined = map(float, row.split()[-2:])
    assert refined < restored
    assert "samples in which all holds" in out
    assert "polish: " in out
