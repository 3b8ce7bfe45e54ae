from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from gsdmc.cli.main import main


def test_figures_plots_and_text(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "calibration"
    arguments = ["calibrate", str(bcmf_folder), "-n", "12", "--draws", "9", "--steps", "1", "--arrays", "A,R"]
    assert main([*arguments, "--set", "m=2", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("bcmf, with E given: 12 problems, 9 draws each")
    assert sorted(p.name for p in out.iterdir()) == ["calibration.json", "coverage.png", "ranks.png"]
    figures = json.loads((out / "calibration.json").read_text())
    assert list(figures["arrays"]) == ["A", "R"]
    assert figures["sizes"]["m"] == 2
    assert len(figures["quantities"]) == 2 * 3 + 3 * 5
    assert all(sum(q["counts"]) == 12 for q in figures["quantities"])
    for name in ("coverage.png", "ranks.png"):
        with Image.open(out / name) as picture:
            assert min(picture.size) > 300
    assert main([*arguments, "--set", "m=2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == figures


def test_queries_are_those_of_training_or_refused(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["calibrate", str(bcmf_folder), "-n", "4", "--draws", "3", "--steps", "1"]
    assert main([*arguments, "--query", "R"]) == 1
    assert 'the evidence lacks "E"' in capsys.readouterr().err
    assert main([*arguments, "--query", "any"]) == 1
    assert 'the evidence lacks "E"' in capsys.readouterr().err
    assert main([*arguments, "--query", "subset:A,R", "--query", "E"]) == 1
    assert 'the evidence holds "A"' in capsys.readouterr().err
    assert main([*arguments, "--query", "R", "--no-strict"]) == 0
    assert "bcmf, with R given: 4 problems" in capsys.readouterr().out
    assert main([*arguments, "--query", "program"]) == 0
    assert "bcmf, with E given: 4 problems" in capsys.readouterr().out
    assert main([*arguments, "--query", "Q"]) == 1
    assert 'no array "Q"' in capsys.readouterr().err
    assert main([*arguments, "--arrays", "Q"]) == 1
    assert 'no array "Q"' in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main([*arguments, "--out", str(tmp_path / "file")]) == 1
    assert "is a file" in capsys.readouterr().err


def test_classifiers_on_demand(bcmf_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    arguments = ["calibrate", str(bcmf_folder), "-n", "24", "--draws", "1", "--steps", "1", "--arrays", "A"]
    assert main([*arguments, "--c2st"]) == 0
    out = capsys.readouterr().out
    assert "C2ST of joint values (forest)" in out
    assert "C2ST of joint values (mlp)" in out
