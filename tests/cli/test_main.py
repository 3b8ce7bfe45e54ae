from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gsdmc.cli.main import main


def gsdmc(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "gsdmc", *arguments], input=stdin, capture_output=True, text=True, timeout=120
    )


def test_help_needs_nothing_slow() -> None:
    code = (
        "import sys; from gsdmc.cli.main import build_parser; build_parser().format_help();"
        "print([m for m in ('torch', 'numpy', 'scipy', 'lark', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    ["compile", "simulate", "train", "sample", "log-prob", "evaluate", "calibrate", "doctor"],
)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert f"gsdmc {command}" in text
    assert "--traceback" in text
    assert "--json" in text


@pytest.mark.parametrize("command", ["new", "completion", "report"])
def test_commands_without_figures_have_help_too(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert "examples" in capsys.readouterr().out


def test_the_main_help_lists_commands_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for word in (
        "new",
        "compile",
        "simulate",
        "train",
        "sample",
        "log-prob",
        "evaluate",
        "doctor",
        "completion",
        "bcmf",
        "sudoku",
        "exit codes",
    ):
        assert word in text


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frob"],
        ["compile"],
        ["compile", "bcmf", "--set", "k"],
        ["compile", "bcmf", "--set", "k=three"],
        ["compile", "bcmf", "--preset", "papper"],
        ["train", "bcmf", "--steps", "0"],
        ["train", "bcmf", "--steps", "1", "--minutes", "1"],
        ["train", "bcmf", "--minutes", "-1"],
        ["train", "bcmf", "--vary", "m=1-3"],
        ["sample", "runs/x", "--set", "k=2.5"],
        ["evaluate", "runs/x", "-n", "few"],
    ],
)
def test_usage_errors_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage:" in err


def test_a_user_s_mistake_exits_with_1_without_traceback() -> None:
    done = gsdmc("compile", "-", stdin='(sample "x" (nromal 0 1))')
    assert (done.returncode, done.stdout) == (1, "")
    assert "<stdin>:1:14" in done.stderr
    assert "did you mean `normal`?" in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr  # colour is for terminals


def test_a_program_on_standard_input_compiles(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '(foreach 3 [i (range 3)] (sample "x" (normal 0 1)))'
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert main(["compile", "-", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["nodes"] == 3
    assert "3 components" in err
    assert "Theorem 1" in err


def test_a_traceback_comes_on_request(tmp_path: Path) -> None:
    from gsdmc.language.source import GsdmcError

    assert main(["evaluate", str(tmp_path / "none")]) == 1
    with pytest.raises(GsdmcError):
        main(["evaluate", str(tmp_path / "none"), "--traceback"])


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(*_: object) -> None:
        raise error

    monkeypatch.setattr("gsdmc.cli.options.compiled", run)
    return main(["simulate", "bcmf"])


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "runs/x"), 1, "error: runs/x: No space left on device"),
        (MemoryError(), 1, "out of memory"),
        (ZeroDivisionError("division by zero"), 1, "fault of gsdmc; --traceback shows where"),
    ],
)
def test_other_failures_end_in_a_sentence(
    error: BaseException,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fail_with(error, monkeypatch) == code
    assert says in capsys.readouterr().err
