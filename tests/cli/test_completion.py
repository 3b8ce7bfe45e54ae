from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gsdmc.cli.completion import arguments, subparsers
from gsdmc.cli.main import build_parser, main

Complete = Callable[..., list[str]]

CASES = [
    (["comp"], {"compile", "completion"}),
    (["simulate", "bc"], {"bcmf"}),
    (["simulate", "sbi/eight"], {"sbi/eight_schools"}),
    (["compile", "--draw-"], {"--draw-graph", "--draw-mask"}),
    (["train", "bcmf", "--preset", ""], {"default", "paper"}),
    (["compile", "mine"], {"mine.clj"}),
    (["sample", "bc"], set()),
]


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Path]:
    def write(shell: str) -> Path:
        assert main(["completion", shell]) == 0
        path = tmp_path / f"gsdmc.{shell}"
        path.write_text(capsys.readouterr().out)
        (tmp_path / "mine.clj").write_text("")
        return path

    return write


def shell(name: str, code: str, folder: Path) -> list[str]:
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(
        [name, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=environment,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(("words", "expected"), CASES)
def test_bash_completes(
    words: list[str], expected: set[str], script: Callable[[str], Path], tmp_path: Path
) -> None:
    path = script("bash")
    quoted = " ".join(f"'{w}'" for w in ["gsdmc", *words])
    asked = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}"
    code = f'source {path}; {asked}; _gsdmc; printf "%s\\n" "${{COMPREPLY[@]}}"'
    assert set(shell("bash", code, tmp_path)) - {""} == expected


@pytest.mark.parametrize(("words", "expected"), CASES)
def test_fish_completes(
    words: list[str], expected: set[str], script: Callable[[str], Path], tmp_path: Path
) -> None:
    path = script("fish")
    code = f"source {path}; complete -C 'gsdmc {' '.join(words)}'"
    found = {line.partition("\t")[0] for line in shell("fish", code, tmp_path)}  # what it is for comes after
    assert found == expected


def test_zsh_reads_the_script(script: Callable[[str], Path], tmp_path: Path) -> None:
    code = f"autoload -U compinit && compinit -u; source {script('zsh')}; echo $_comps[gsdmc]"
    assert "_gsdmc" in " ".join(shell("zsh", code, tmp_path))


def test_all_that_a_command_takes_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser()
    for name in ("bash", "zsh", "fish"):
        assert main(["completion", name]) == 0
        text = capsys.readouterr().out
        for command, own in subparsers(parser).items():
            assert command in text
            for argument in arguments(own):
                for flag in argument.flags:
                    assert (flag if name != "fish" else flag.lstrip("-")) in text


def test_an_unknown_shell_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["completion", "tcsh"])
    assert done.value.code == 2
    assert "invalid choice: 'tcsh'" in capsys.readouterr().err
