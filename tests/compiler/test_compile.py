"""From a path, a name or a text to a problem."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gsdmc.compiler import bundled, compile_problem, compile_text
from gsdmc.language.source import GsdmcError

TEXT = '(def n 2)\n(foreach n [i (range n)] (sample "x" (normal 0 1)))\n'


def test_the_bundled_programs_those_in_folders_last() -> None:
    shallow = [name for name in bundled() if "/" not in name]
    assert shallow == sorted(shallow)
    assert {"bcmf", "boolean", "hbmf", "inversion", "sorting", "sudoku"} <= set(shallow)
    assert bundled()[: len(shallow)] == shallow
    assert bundled()[len(shallow) :] == [
        f"sbi/{name}"
        for name in (
            "bernoulli_glm",
            "eight_schools",
            "gaussian_linear",
            "gaussian_linear_uniform",
            "gaussian_mixture",
            "hmm",
            "slcp",
            "tree",
            "two_moons",
        )
    ]


def test_a_program_in_a_folder_has_the_name_of_its_file() -> None:
    assert compile_problem("sbi/hmm").name == "hmm"
    assert compile_problem("sbi/hmm").syntax.source.name == "sbi/hmm.clj"
    with pytest.raises(GsdmcError, match="no program `hmm`") as error:
        compile_problem("hmm")
    assert error.value.hint == "did you mean `sbi/hmm`?"
    with pytest.raises(GsdmcError, match=r"no program `sbi/\.\./bcmf`"):
        compile_problem("sbi/../bcmf")


def test_programs_by_path_and_stream(tmp_path: Path) -> None:
    path = tmp_path / "mine.clj"
    path.write_text(TEXT)
    assert compile_problem(path).name == "mine"
    assert compile_problem(str(path), n=5).graph.nodes == 5
    assert compile_problem(io.StringIO(TEXT)).graph.nodes == 2


def test_unknown_programs(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="no program `bcfm`") as error:
        compile_problem("bcfm")
    assert error.value.hint == "did you mean `bcmf`?"
    with pytest.raises(GsdmcError, match="is a folder"):
        compile_problem(tmp_path)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.clj").write_bytes(b"(def n 1)\xff")
    with pytest.raises(GsdmcError, match=r"no text in UTF-8 \(byte 9\)"):
        compile_problem(tmp_path / "x.clj")


def test_a_def_may_have_any_name() -> None:
    text = '(def program 2)\n(foreach program [i (range program)] (sample "x" (normal 0 1)))'
    assert compile_problem(io.StringIO(text), program=3).graph.nodes == 3


def test_compiling_checks_factors_and_queries() -> None:
    with pytest.raises(GsdmcError, match="does not hold"):
        compile_text('(let [x (sample "x" (normal 0 1))] (factor "f" (> x 0)))', "f.clj")
    with pytest.raises(GsdmcError, match='samples no "y"'):
        compile_text('(sample "x" (normal 0 1))\n(given "y")', "g.clj")
