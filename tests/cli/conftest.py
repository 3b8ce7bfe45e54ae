"""A tiny model in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import gsdmc
from gsdmc.training.config import TrainingConfig

TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)


@pytest.fixture(scope="session")
def bcmf_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "bcmf"
    gsdmc.train("bcmf", steps=2, preset=TINY, out=folder)
    return folder


@pytest.fixture(scope="session")
def bcmf_model(bcmf_folder: Path) -> gsdmc.Model:
    return gsdmc.load(bcmf_folder)
