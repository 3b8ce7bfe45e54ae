"""Models that come along: made, kept without their training state, found by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import ship

import gsdmc
from gsdmc import programs
from gsdmc.cli.main import main


def shipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a model that `ship` has made of few steps."""
    monkeypatch.chdir(folder)
    monkeypatch.setitem(ship.RECIPES, "boolean", ship.Recipe(1, {"n": 2}, "any", settings=("layers=2",)))
    command = ["ship.py", "boolean", "--steps", "2", "--problems", "4", "--to", str(folder / "kept")]
    monkeypatch.setattr("sys.argv", command)
    ship.main()
    return folder / "kept" / "boolean"


def test_a_kept_model_loads_and_says_how_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped(tmp_path, monkeypatch)
    model = gsdmc.load(folder)
    assert model.problem.sizes["n"] == 2
    record = json.loads((folder / "metrics.json").read_text())["shipped"]
    assert record["command"].endswith("--to " + str(tmp_path / "kept"))
    assert record["evaluation"]["problems"] == 4
    assert not (folder / "state").exists()
    work = gsdmc.load(tmp_path / "runs" / "shipped" / "boolean")
    assert work.sample(seed=3).keys() == model.sample(seed=3).keys()
    assert (work.sample(seed=3)["y"] == model.sample(seed=3)["y"]).all()


def test_a_model_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship, "LARGEST", 1000)
    with pytest.raises(ValueError, match="bytes; a model that comes along takes at most 1000"):
        shipped(tmp_path, monkeypatch)


def test_every_recipe_compiles() -> None:
    for name, recipe in ship.RECIPES.items():
        problem = recipe.problem(name)
        assert recipe.vary.keys() <= problem.ranges.keys() | problem.sizes.keys()


def test_a_kept_model_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped(tmp_path, monkeypatch)
    package = tmp_path / "package"
    package.mkdir()
    (tmp_path / "kept").rename(package / programs.TRAINED)
    monkeypatch.setattr(programs, "files", lambda _: package)
    assert programs.trained_names() == ["boolean"]
    assert programs.names() == []  # a model's own program is none of the bundled ones
    assert gsdmc.load("boolean").problem.sizes["n"] == 2
    assert main(["report", "boolean", "--problems", "0", "-n", "0"]) == 0
    assert (tmp_path / "boolean-report.html").exists()
    with pytest.raises(gsdmc.GsdmcError, match="there is no model folder bcmf") as error:
        gsdmc.load("bcmf")
    assert "models that come along: boolean" in (error.value.hint or "")


def test_models_that_come_along_have_recipes_and_load_by_name() -> None:
    for name in programs.trained_names():
        assert name in ship.RECIPES
        assert gsdmc.load(name).problem.name == name
    assert programs.trained_folder("no-such-model") is None


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(gsdmc.GsdmcError, match="there is no model folder no-such-model"):
        gsdmc.load("no-such-model")
