"""docs/training.md: its program and its simulator do what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import gsdmc
from gsdmc.training.config import TrainingConfig

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)


def test_the_simulator_and_the_data_of_the_page_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```clojure\n; orbit\.clj\n(.*?)```", PAGE, re.DOTALL)
    Path("orbit.clj").write_text(program)
    (code,) = re.findall(r"```python\n(import numpy.*?def orbits.*?)```", PAGE, re.DOTALL)
    function, rest = code.split("problem = ")
    names: dict[str, Any] = {"np": np, "gsdmc": gsdmc}
    exec(function, names)
    drawn = names["orbits"](np.random.default_rng(0), 30, 20)
    dims = {name: ("run", "t")[: value.ndim] for name, value in drawn.items()}
    xr.Dataset({name: (dims[name], value) for name, value in drawn.items()}).to_netcdf("orbits.nc")
    monkeypatch.setattr(gsdmc, "train", lambda *a, minutes, **k: train(*a, steps=2, preset=TINY, **k))
    exec("problem = " + rest, names)
    assert names["problem"].simulator is names["orbits"]
    assert names["model"].trained.run["simulated"]["by"] == "orbits.nc"


train = gsdmc.train
