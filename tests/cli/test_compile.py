from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gsdmc
import gsdmc.graph.export
from gsdmc.cli.compile import scaled
from gsdmc.cli.main import main
from gsdmc.graph.describe import describe_graph
from gsdmc.graph.export import read_graph, to_dot, to_json
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language import parse
from gsdmc.language.source import GsdmcError
from gsdmc.layout.describe import describe_layout


def report(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["compile", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_has_what_scripts_need(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(["bcmf", "--set", "m=10", "n=10", "--set", "k=10"], capsys)
    assert (found["nodes"], found["entries"], found["max_degree"]) == (1300, 7300, 11)
    assert (found["diameter"], found["diameter_exact"], found["components"]) == (6, True, 1)
    assert found["arrays"][1] == {
        "name": "R",
        "distribution": "(bernoulli 0.3)",
        "kind": "boolean",
        "shape": [10, 10],
        "dims": ["t", "j"],
        "count": 100,
        "deterministic": False,
        "generated": False,
        "observed": False,
    }
    assert {p["name"]: (p["size"], p["class"], p["size_name"]) for p in found["plates"]} == {
        "i": (10, "exchangeable", "m"),
        "t": (10, "exchangeable", "k"),
        "j": (10, "exchangeable", "n"),
    }
    assert all(p["reason"] for p in found["plates"])
    assert found["given"] == [{"targets": ["E"], "subset": []}]
    network = found["network"]
    assert network["preset"] == "default"
    assert min(network["parameters"], network["flops_per_step"], network["layers"]) > 0


def test_the_report_shows_variables_plates_mask_and_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "boolean", "--set", "n=2", "--preset", "paper"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "boolean (n=2, inputs=4), trained with x given"
    assert "x ~ (bernoulli 0.5)" in out
    assert "its index looks up data: (if (get gates g) (and a b) (or a b))" in out
    assert "unrolled g(3): the accumulator is indexed" in out
    assert "7 nodes, 19 entries" in out
    assert "paper: 12 layers of width 64, 2 heads" in out
    assert "FLOP per step of 16 examples" in out


def test_the_network_is_chosen_by_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "boolean", "--set", "n=2", "--layers", "2", "--loops", "3"]) == 0
    out, err = capsys.readouterr()
    assert "default: 2 layers looped 3 times of width 48" in out
    assert err == ""
    network = report(["boolean", "--set", "n=2", "--layers", "2", "--loops", "1"], capsys)["network"]
    assert (network["layers"], network["loops"]) == (2, 1)
    (warning,) = (
        w for w in gsdmc_warnings(["boolean", "--set", "n=2", "--layers", "2"], capsys) if "layers" in w
    )
    assert "has 2 attention layers, and the graph's diameter is 4" in warning


def gsdmc_warnings(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [warning["message"] for warning in report(arguments, capsys)["warnings"]]


def test_a_bound_on_the_diameter_is_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from gsdmc.compiler.problem import Problem

    metrics = replace(gsdmc.compile("boolean").metrics, diameter_exact=False)
    monkeypatch.setattr(Problem, "metrics", metrics)
    assert main(["compile", "boolean"]) == 0
    assert "diameter ≤ 8" in capsys.readouterr().out


def test_artefacts_are_written_and_train_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {name: tmp_path / name for name in ("b.gsdm", "mask.png", "graph.svg")}
    arguments = [
        "-o",
        str(paths["b.gsdm"]),
        "--draw-mask",
        str(paths["mask.png"]),
        "--draw-graph",
        str(paths["graph.svg"]),
    ]
    assert main(["compile", "bcmf", "--set", "k=2", *arguments]) == 0
    assert paths["mask.png"].read_bytes().startswith(b"\x89PNG")
    assert paths["graph.svg"].read_text().startswith("<svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(paths)  # no leftovers
    capsys.readouterr()
    assert report([str(paths["b.gsdm"])], capsys)["sizes"] == {"m": 5, "n": 5, "k": 2}


@pytest.mark.parametrize("suffix", [".json", ".graphml", ".dot"])
def test_graphs_are_exported(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"graph{suffix}"
    assert main(["compile", "sorting", "--set", "n=3", "--export", str(path)]) == 0
    graph = gsdmc.compile("sorting", n=3).graph
    if suffix == ".dot":
        assert path.read_text(encoding="utf-8") == to_dot(graph)
    else:
        assert to_json(read_graph(path)) == to_json(graph)
    assert list(tmp_path.iterdir()) == [path]
    assert "mask     24 nodes" in capsys.readouterr().out


def test_a_file_that_could_not_be_written_anew_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph.dot"
    path.write_text("before")

    def fail(graph: FactorGraph, path: Path) -> None:
        path.write_text("half")
        raise GsdmcError("no more room")

    monkeypatch.setattr(gsdmc.graph.export, "write_graph", fail)
    assert main(["compile", "bcmf", "--export", str(path)]) == 1
    assert "no more room" in capsys.readouterr().err
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_grey_what_queries_give(tmp_path: Path) -> None:
    for program, fill in (("bcmf", "#cfcfcf"), ("sudoku", "url(#halves)")):
        path = tmp_path / f"{program}.svg"
        assert main(["compile", program, "--draw-graph", str(path)]) == 0
        assert f'fill="{fill}" stroke' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("program", gsdmc.bundled())
def test_the_emitted_syntax_parses_to_the_same_tree(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", program, "--emit", "syntax"]) == 0
    assert parse(capsys.readouterr().out) == gsdmc.compile(program).syntax


@pytest.mark.parametrize("program", gsdmc.bundled())
@pytest.mark.parametrize(("stage", "describe"), [("graph", describe_graph), ("layout", describe_layout)])
def test_stages_are_emitted_in_place_of_the_report(
    program: str, stage: str, describe: Callable[[Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", program, "--emit", stage]) == 0
    assert capsys.readouterr().out == describe(getattr(gsdmc.compile(program), stage)) + "\n"


def test_files_are_written_beside_what_is_emitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "graph.svg"
    assert main(["compile", "bcmf", "--emit", "layout", "--draw-graph", str(path)]) == 0
    assert path.exists()
    assert capsys.readouterr().out.startswith("layout: 130 nodes")


@pytest.mark.parametrize("option", ["-o", "--draw-mask", "--draw-graph", "--export"])
def test_files_need_a_folder(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "bcmf", option, str(tmp_path / "none" / "x.gsdm")]) == 1
    assert "here is no folder" in capsys.readouterr().err
    assert main(["compile", "bcmf", option, str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nosuch"], "bundled programs: bcmf"),
        (["bcmff"], "did you mean `bcmf`"),
        (["bcmf", "--set", "kk=3"], "has no def `kk`"),
        (["bcmf", "--set", "k=@none.npy"], "none.npy does not exist"),
        (["bcmf", "-o", "b.zip"], "end it in .gsdm"),
        (["bcmf", "--draw-mask", "mask.svg"], "end it in .png"),
        (["bcmf", "--draw-graph", "graph.png"], "end it in .svg"),
        (["bcmf", "--export", "graph.xml"], "end it in .json, .graphml or .dot"),
        (["bcmf", "--emit", "graph", "--json"], "leave one of them out"),
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
    assert main(["compile", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_numbers_with_units() -> None:
    assert [scaled(x) for x in (12, 4.66e10, 1.5e3)] == ["12 ", "46.6 G", "1.5 k"]


def test_options_and_warnings_are_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(["sorting", "--set", "n=3", "--no-symmetrise", "--given", "any"], capsys)
    assert found["options"] == {"given": [], "symmetrise": False}
    assert [w["message"].partition(",")[0] for w in found["warnings"]] == ["without symmetrising"]
    assert report(["sorting", "--set", "n=3"], capsys)["warnings"] == []
    assert main(["compile", "sorting", "--set", "n=3", "--mask", "random:4"]) == 0
    assert "options  --mask random:4\n" in capsys.readouterr().out


def test_warnings_go_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "walk.clj"
    program.write_text(
        '(defn step [t x] (sample "x" (normal x 1)))\n(loop 20 (sample "start" (normal 0 1)) step)'
    )
    assert main(["compile", str(program), "--preset", "paper"]) == 0
    out, err = capsys.readouterr()
    assert "diameter 20" in out
    assert err.startswith("warning: the network has 12 attention layers, and the graph's diameter is 20.")
    assert "help: variables further apart" in err
