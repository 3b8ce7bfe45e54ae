from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.options import PRESETS, bundled_names, compiled, data, setting, size
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
    problem = compiled(str(program), [setting(f"xs=@{tmp_path / 'x.npy'}")])
    assert problem.graph.by_name["y"].shape == (3,)
