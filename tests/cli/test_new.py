from __future__ import annotations

from pathlib import Path

import pytest

import gsdmc
from gsdmc import programs
from gsdmc.cli.main import main


def test_the_starter_compiles_without_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.clj"
    assert main(["new", str(tmp_path / "line")]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"next: gsdmc compile {path}" in err
    problem = gsdmc.compile(path)
    assert not problem.warnings
    assert problem.ranges == {"n": (2, 50)}
    assert {p.name: p.cls for p in problem.graph.plates} == {"i": "exchangeable"}
    assert problem.resized(n=3).simulate(2, seed=0)["y"].shape == (2, 3)
    text = path.read_text()
    assert text.startswith("; line: ")
    assert f"gsdmc train {path} --minutes 5" in text
    assert "NAME" not in text
    assert "FILE" not in text
    assert main(["compile", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_another_program_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.clj"
    path.write_text("mine")
    assert main(["new", str(path)]) == 1
    assert "line.clj is there already" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_bundled_program_is_copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "schools.clj"), "--from", "sbi/eight_schools"]) == 0
    assert (tmp_path / "schools.clj").read_text() == programs.text("sbi/eight_schools")
    assert main(["new", "-", "--from", "bcmf"]) == 0
    assert capsys.readouterr().out == programs.text("bcmf")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x.py"], "x.py is no name for a program"),
        ([""], "is no name for a program"),
        (["nowhere/x"], "there is no folder nowhere for x.clj"),
        (["x", "--from", "bcfm"], "there is no bundled program `bcfm`"),
    ],
)
def test_mistakes(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
