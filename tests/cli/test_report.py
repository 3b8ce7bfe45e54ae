from __future__ import annotations

import json
from pathlib import Path

import pytest

from gsdmc.cli.main import main

FEW = ["--problems", "2", "-n", "2", "--steps", "1"]


def test_the_page_is_written_where_it_says(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    arguments = ["report", str(bcmf_folder), "--out", str(out), *FEW, "--calibrate", "4", "--draws", "1"]
    assert main([*arguments, "--set", "m=2"]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    html = out.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert html.endswith("</html>\n")
    assert "m=2, n=5, k=3" in html
    assert "4, 1 posterior draws each" in html
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_without_out_it_lies_in_the_run_which_still_loads(
    bcmf_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibration = bcmf_folder / "calibration"
    few = ["-n", "4", "--draws", "1", "--steps", "1", "--arrays", "A"]
    assert main(["calibrate", str(bcmf_folder), *few, "--out", str(calibration)]) == 0
    assert main(["report", str(bcmf_folder), *FEW]) == 0
    page = bcmf_folder / "report.html"
    assert capsys.readouterr().out.endswith(f"{page}\n")
    figures = json.loads((calibration / "calibration.json").read_text())
    assert f"of {len(figures['quantities'])} quantities" in page.read_text(encoding="utf-8")
    assert main(["evaluate", str(bcmf_folder), "-n", "1", "--steps", "1"]) == 0


def test_what_is_no_run_or_no_page_is_refused(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").touch()
    for arguments, message in (
        (["report", str(tmp_path)], "is not a model folder"),
        (["report", str(tmp_path / "none")], "there is no model folder"),
        (["report", str(bcmf_folder), "-o", str(tmp_path / "page.txt")], "is no name for a page"),
        (["report", str(bcmf_folder), "-o", str(tmp_path / "no" / "page.html")], "there is no folder"),
        (["report", str(bcmf_folder), "--calibration", str(tmp_path)], "can't be read"),
        (["report", str(bcmf_folder), "--calibration", "x", "--calibrate", "3"], "leave one of them out"),
        (["report", str(bcmf_folder), "--set", "q=3"], "no def `q`"),
    ):
        assert main(arguments) == 1
        assert message in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_page_stays_whole_where_writing_fails(
    bcmf_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    out.write_text("as it was")

    def full(path: Path, *_: object, **__: object) -> None:
        path.touch()
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    assert main(["report", str(bcmf_folder), "-o", str(out), *FEW]) == 1
    assert "No space left" in capsys.readouterr().err
    assert out.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [out]
