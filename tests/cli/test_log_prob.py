from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.log_prob import METHODS
from gsdmc.cli.main import main
from gsdmc.inference.log_prob import Method


@pytest.fixture
def files(bcmf_folder: Path, tmp_path: Path) -> tuple[list[str], dict, dict]:
    """Arguments that score R given all else, and what they hold."""
    drawn = {name: v.numpy() for name, v in gsdmc.load(bcmf_folder).problem.simulate(30, seed=0).items()}
    evidence = {name: drawn[name][0] for name in ("A", "C", "E")}
    np.savez(tmp_path / "evidence.npz", **evidence)
    np.save(tmp_path / "R.npy", drawn["R"])
    arguments = ["log-prob", str(bcmf_folder), "--values", f"R={tmp_path / 'R.npy'}"]
    arguments += ["--evidence", str(tmp_path / "evidence.npz"), "--no-strict"]
    return arguments, {"R": drawn["R"]}, evidence


def test_figures_are_those_of_the_api(
    bcmf_folder: Path, files: tuple[list[str], dict, dict], tmp_path: Path
) -> None:
    arguments, values, evidence = files
    out = tmp_path / "scores.npz"
    assert main([*arguments, "--method", "bound", "--samples", "4", "--seed", "3", "-o", str(out)]) == 0
    expected = gsdmc.load(bcmf_folder).log_prob(
        values, evidence, method="bound", samples=4, seed=3, strict=False
    )
    with np.load(out) as archive:
        np.testing.assert_array_equal(archive["value"], expected.value)
        np.testing.assert_array_equal(archive["error"], expected.error)


def test_json_and_text(files: tuple[list[str], dict, dict], capsys: pytest.CaptureFixture[str]) -> None:
    arguments, _, _ = files
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["method"], found["unit"]) == ("any-order", "nats")
    assert len(found["arrays"]["value"]) == 30
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "... of 30 rows" in text
    assert "nats, by any order" in text
    assert f"{found['arrays']['value'][0]:.4f}" in text


def test_mistakes_say_what_is_wrong(
    files: tuple[list[str], dict, dict], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, _, _ = files
    assert main([*arguments, "--method", "flow"]) == 1
    assert 'flow needs noised reals alone, but "R", a boolean, is masked' in capsys.readouterr().err


def test_methods_are_those_of_the_api() -> None:
    assert ("auto", *get_args(Method)) == METHODS
