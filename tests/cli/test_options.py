from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.main import build_parser
from gsdmc.cli.options import (
    PRESETS,
    bundled_names,
    compiled,
    data,
    limit,
    one_each,
    setting,
    show_warnings,
    size,
)
from gsdmc.compiler import CompileOptions
from gsdmc.language import GsdmcWarning
from gsdmc.training import presets


def test_lists_kept_for_speed_are_those_of_the_stages() -> None:
    assert bundled_names() == gsdmc.bundled()
    assert presets.PRESETS == PRESETS


def test_settings() -> None:
    assert setting("k=7") == ("k", 7)
    assert setting("x=-1.5e3") == ("x", -1500.0)
    assert setting("on=true") == ("on", True)
    assert setting("xs=[1, 2.5]") == ("xs", [1, 2.5])
    assert setting("xs=@a=b.npy") == ("xs", "@a=b.npy")
    for wrong in ("k", "=3", "k=", "k=three", "k=null", 'k="a"', "k={}"):
        with pytest.raises(argparse.ArgumentTypeError):
            setting(wrong)
    assert size("k=7") == ("k", 7)
    for wrong in ("k", "k=-1", "k=1.5", "=1"):
        with pytest.raises(argparse.ArgumentTypeError):
            size(wrong)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("bcmf --set m=2 n=3 k=1 --json", "bcmf --set m=2 --set n=3 --set k=1 --json"),
        ("--set n=4 boolean --set k=1", "--set n=4 boolean --set k=1"),
        ("--set n=4 k=1 dir/a=b.clj", "--set n=4 --set k=1 dir/a=b.clj"),
        ("--set=n=4 xs=@a.npy boolean m=3", "--set=n=4 --set xs=@a.npy boolean m=3"),
        ("--set n=4 -- k=1", "--set n=4 -- k=1"),
        ("--vary n=1..3 --set wrong k=1", "--vary n=1..3 --set wrong --set k=1"),
        ("x -e A=1 B=2 --set", "x -e A=1 B=2 --set"),
        ("--config width=8 heads=2 --set n=2", "--config width=8 --config heads=2 --set n=2"),
    ],
)
def test_several_settings_may_follow_one_another(given: str, meant: str) -> None:
    assert one_each(given.split()) == meant.split()


def test_data_comes_from_files(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1, 2, 3]))
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    (tmp_path / "gap.json").write_text("[1, null]")
    assert data("x", f"@{tmp_path / 'x.npy'}").tolist() == [1, 2, 3]
    assert data("x", f"@{tmp_path / 'x.csv'}").tolist() == [[1, 2], [3, 4]]
    with pytest.raises(gsdmc.GsdmcError, match="lacks entries, but `x` is data"):
        data("x", f"@{tmp_path / 'gap.json'}")


def test_a_file_of_data_sets_a_def(tmp_path: Path) -> None:
    program = tmp_path / "line.clj"
    program.write_text('(def xs [1.0]) (foreach (count xs) [x xs] (sample "y" (normal x 1)))')
    np.save(tmp_path / "x.npy", np.array([0.5, 1.5, 2.5]))
    problem = compiled(parsed(str(program), "--set", f"xs=@{tmp_path / 'x.npy'}"))
    assert problem.graph.by_name["y"].shape == (3,)


def parsed(*arguments: str) -> argparse.Namespace:
    return build_parser().parse_args(["compile", *arguments])


def test_options_reach_the_problem() -> None:
    assert compiled(parsed("bcmf")).options == CompileOptions()
    arguments = (
        "bcmf --given A --given subset:R --embedding array --embedding t=independent --no-symmetrise "
        "--no-intermediates --limit nodes=6_000_000 --limit edges=7"
    )
    options = compiled(parsed(*arguments.replace(" --limit edges=7", "").split())).options
    assert options.to_json() == {
        "given": ["A", "subset:R"],
        "embedding": ["array", "t=independent"],
        "symmetrise": False,
        "intermediates": False,
        "limits": {"nodes": 6_000_000},
    }
    assert parsed(*arguments.split()).limits == [("nodes", 6_000_000), ("edges", 7)]
    assert str(compiled(parsed("bcmf", "--mask", "random:20:3")).options.mask) == "random:20:3"


def test_the_options_that_a_report_shows_are_those_that_make_it() -> None:
    for arguments in (
        ["--given", "any"],
        ["--given", "subset:A,R", "--embedding", "i=array", "--mask", "dense", "--limit", "nodes=1000"],
        ["--no-symmetrise", "--no-intermediates"],
    ):
        options = compiled(parsed("bcmf", *arguments)).options
        assert (
            compiled(parsed("bcmf", *(part for w in options.words() for part in w.split()))).options
            == options
        )
        assert sorted(" ".join(options.words()).split()) == sorted(arguments)


def test_a_picture_is_no_mask() -> None:
    with pytest.raises(gsdmc.GsdmcError, match=r"no mask `m\.png`") as caught:
        compiled(parsed("bcmf", "--mask", "m.png"))
    assert caught.value.hint == "to draw the mask, write --draw-mask m.png"


def test_defs_may_have_the_names_of_options(tmp_path: Path) -> None:
    program = tmp_path / "m.clj"
    program.write_text('(def mask 2) (foreach mask [i (range mask)] (sample "x" (normal 0 1)))')
    problem = compiled(parsed(str(program), "--set", "mask=3", "--mask", "dense"))
    assert problem.sizes == {"mask": 3}
    assert problem.mask.nnz == 9


def test_limits() -> None:
    assert limit("nodes=20_000_000") == ("nodes", 20_000_000)
    for wrong in ("nodes", "=3", "nodes=", "nodes=-1", "nodes=1.5", "nodes=²"):
        with pytest.raises(argparse.ArgumentTypeError):
            limit(wrong)


def test_warnings_are_filled_prose(capsys: pytest.CaptureFixture[str]) -> None:
    show_warnings([GsdmcWarning("word " * 60, hint="a cure")])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("warning: word word")
    assert lines[-1] == "help: a cure"
    assert max(map(len, lines)) <= 100
