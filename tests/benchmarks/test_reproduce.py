"""Every figure of the paper runs at toy size, from the command to its data and picture."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
import reproduce
from paper.table import Row, read

ROOT = Path(__file__).parents[2]


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> list[Row]:
    """Run the command, and read its data."""
    where = ["--out", str(folder / "out"), "--models", str(folder / "models"), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["reproduce.py", name, "--toy", *where, *options])
    reproduce.main()
    assert ElementTree.parse(folder / "out" / f"{name}.svg").getroot().tag.endswith("svg")
    record = json.loads((folder / "out" / f"{name}.json").read_text())
    assert record["settings"]["scale"] == "toy"
    assert record["versions"]["torch"]
    return read(folder / "out" / f"{name}.csv")


def test_circuits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = run("fig4", tmp_path, monkeypatch)
    assert [(row["nodes"], row["entries"]) for row in rows] == [(7, 19), (7, 49), (5, 13), (5, 25)]
    for row in rows:
        assert (row["steps"] is None) == (row["last_share_right"] < 1)
        assert row["steps_taken"] in (2, 4)
    again = run("fig4", tmp_path, monkeypatch, "--resume", "--set", "layers=nonsense")  # trains nothing
    assert again == rows


def test_errors_of_factorisations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = run("fig5", tmp_path, monkeypatch)
    assert [(r["k"], r["m"], r["n"]) for r in rows] == list(product((1, 2), repeat=3))
    assert all(row["rmse"] > 0 and row["prior"] > 0 and row["seen_in_training"] for row in rows)
    joint = run("fig13", tmp_path, monkeypatch)
    assert [row["rmse"] for row in joint] != [row["rmse"] for row in rows]
    assert {folder.name for folder in (tmp_path / "models").iterdir()} == {"bcmf", "bcmf-joint"}
    shown = run("fig6", tmp_path, monkeypatch, "--model", str(tmp_path / "models" / "bcmf"))
    assert len(shown) == 2 * (9 + 2 * (3 * 2 + 2 * 3))
    assert {row["value"] for row in shown if row["array"] == "R"} <= {0, 1}


@pytest.mark.parametrize("name", ["fig7a", "fig14"])
def test_ablations_of_factorisation(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = run(name, tmp_path, monkeypatch)
    assert len(rows) == 3 * 3 * 2
    assert all(row["value"] == row[row["varied"]] for row in rows)
    base = [row["rmse"] for row in rows if (row["m"], row["n"], row["k"]) == (2, 2, 2)]
    assert len(base) == 9
    assert len(set(base)) == 3  # one network stands in all three panels
    assert rows[0]["constant"] == pytest.approx((2 * 0.0775) ** 0.5, rel=1e-5)


@pytest.mark.parametrize(("name", "variants"), [("fig7b", 4), ("fig7c", 5), ("fig9", 4), ("fig15", 10)])
def test_courses_of_training(
    name: str, variants: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run(name, tmp_path, monkeypatch)
    assert len({row["variant"] for row in rows}) == len(rows) == variants
    for row in rows:
        assert row["step"] == 2
        assert row["seconds"] > 0
        shares = [v for k, v in row.items() if k in ("lists", "rows", "valid_given", "valid_unconditional")]
        assert len(shares) == 2
        assert all(0 <= share <= 1 for share in shares)


def test_pictures_of_solutions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = run("fig8", tmp_path, monkeypatch)
    grids = {s: [r["value"] for r in rows if r["sample"] == s] for s in ("given", 0, 1)}
    assert sum(grids["given"]) == 4
    assert all(a == b for a, b, given in zip(grids[0], grids[1], grids["given"], strict=True) if given)
    assert set(grids[0]) <= {1, 2, 3, 4}
    inverses = run("fig16", tmp_path, monkeypatch)
    assert len(inverses) == 3 * 4


def test_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = run("table3", tmp_path, monkeypatch)
    assert all(row["seconds"] > 0 for row in rows)
    found = read(tmp_path / "out" / "table3-exponents.csv")
    assert len(found) == 6
    assert all(0 < row["nodes_exponent"] <= row["entries_exponent"] for row in found)
    counts = run("table3", tmp_path, monkeypatch, "--parts", "entries")
    assert all(row["seconds"] is None for row in counts)
    assert [row["entries"] for row in counts] == [row["entries"] for row in rows]


def test_entries_grow_as_claimed_or_slower() -> None:
    """Table 3's orders, by the entries that formulas give at the sizes that are kept."""
    kept = ROOT / "benchmarks" / "results" / "paper" / "full" / "table3.csv"
    for row in read(kept):
        n, got = row["size"], row["entries"]
        if row["network"] == "naive":
            assert got == row["nodes"] ** 2
        elif row["program"] == "boolean":
            assert got == 2 * n - 1 + 4 * (n - 1)
        elif row["program"] == "bcmf":
            assert got == n**3 + 3 * n**2 + 6 * n**3
        else:
            pairs = 3 * n**2 + n**2 * (n - 1) + n - 1
            assert got == 2 * n**2 + 2 * n + 2 * pairs
    for row in read(kept.with_name("table3-exponents.csv")):
        assert row["padded_exponent"] <= row["padded_claimed"] + 0.05
        assert row["entries_exponent"] <= row["padded_exponent"] + 0.05


def test_the_page_has_every_figure() -> None:
    page = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    for name in reproduce.FIGURES:
        assert f"python benchmarks/reproduce.py {name} --full" in page


def test_drawing_needs_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reproduce.py", "fig4", "--toy", "--draw", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="holds no data"):
        reproduce.main()
