from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gsdmc
from gsdmc.inference.model import Model
from gsdmc.inference.page.calibration import calibration_html, figures_of, read_figures
from tests.pages import read

Plain = dict[str, Any]


@pytest.fixture(scope="module")
def plain(bcmf: Model) -> str:
    return json.dumps(bcmf.calibrate(20, num_draws=4, steps=1, m=1, n=2).to_json())


def test_figures_are_those_that_were_computed(plain: str) -> None:
    data = json.loads(plain)
    page = read(calibration_html(figures_of(data)))
    assert "with E given" in page.text
    assert f"p = {data['p']:.3g} (Bonferroni)" in page.text
    assert page.tags.count("svg") == 1 + min(24, len(data["quantities"]) + 1 + (data["density"] is not None))
    for quantity in data["quantities"]:
        assert quantity["name"] in page.text


def test_many_quantities_are_the_worst_of_them(plain: str) -> None:
    data = json.loads(plain)
    first = data["quantities"][0]
    data["quantities"] = [{**first, "name": f"q{n}", "p": (n + 1) / 100} for n in range(60)]
    page = read(calibration_html(figures_of(data)))
    extra = 1 + (data["density"] is not None)
    assert f"q{23 - extra}" in page.text.split()
    assert f"q{24 - extra}" not in page.text.split()
    assert f"{60 + extra - 24} quantities with larger p-values are not shown" in page.text


def test_names_are_text(plain: str) -> None:
    name = "<img src=x onerror=alert(1)>"
    data = json.loads(plain)
    data["arrays"] = {name: next(iter(data["arrays"].values()))}
    data["quantities"][0]["name"] = data["program"] = data["query"] = name
    data["c2st"] = {name: 0.5}
    page = read(calibration_html(figures_of(data)))
    assert "img" not in page.tags
    assert name in page.text


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("tarp"),
        lambda data: data.update(problems=0),
        lambda data: data.update(problems="20"),
        lambda data: data.update(p=float("nan")),
        lambda data: data["levels"].append(7.0),
        lambda data: data["levels"].pop(),
        lambda data: data["tarp"]["counts"].append(1),
        lambda data: data["tarp"].update(edges=[3, 2, 1]),
        lambda data: data["tarp"]["counts"].__setitem__(0, -(10**9)),
        lambda data: data["quantities"][0].update(counts=[]),
        lambda data: data.update(extra=1),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    change: Callable[[Plain], object], plain: str, tmp_path: Path
) -> None:
    data = json.loads(plain)
    change(data)
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(data))
    with pytest.raises(gsdmc.GsdmcError) as error:
        read_figures(path)
    assert str(path) in error.value.message


def test_what_is_no_file_of_figures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(gsdmc.GsdmcError, match="can't be read"):
        read_figures(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\x00")
    with pytest.raises(gsdmc.GsdmcError, match="is damaged"):
        read_figures(tmp_path / "bytes.json")
