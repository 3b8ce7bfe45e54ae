"""Zarr stores that would run code are refused before anything of them is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gsdmc.inference.simulations import zarr_store
from gsdmc.inference.simulations.read_simulations import read_data
from gsdmc.inference.simulations.zarr_store import check_store
from gsdmc.language.source import GsdmcError


@pytest.mark.parametrize("version", [2, 3])
def test_numbers_and_texts_pass(tmp_path: Path, version: int) -> None:
    data = xr.Dataset({"pickle": (("run",), np.arange(3.0))}, attrs={"about": "pickles of three runs"})
    data.to_zarr(tmp_path / "s.zarr", zarr_format=version, consolidated=False)
    check_store(tmp_path / "s.zarr")
    assert np.asarray(read_data(tmp_path / "s.zarr")[0]["pickle"]).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("file", "metadata"),
    [
        (".zarray", {"dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}),
        (".zmetadata", {"metadata": {"a/.zarray": {"compressor": {"id": "Pickle"}}}}),
        ("zarr.json", {"codecs": [{"name": "numcodecs.pickle", "configuration": {}}]}),
    ],
)
def test_a_codec_that_unpickles_is_refused(tmp_path: Path, file: str, metadata: object) -> None:
    folder = tmp_path / "s.zarr" / "a"
    folder.mkdir(parents=True)
    (folder / file).write_text(json.dumps(metadata).replace("pick", "p\\u0069ck"))
    with pytest.raises(GsdmcError, match="files are data, never code"):
        read_data(tmp_path / "s.zarr")


def test_links_and_huge_metadata_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zarr.json").write_text("{}")
    monkeypatch.setattr(zarr_store, "LARGEST", 1)
    with pytest.raises(ValueError, match=r"zarr\.json has more than 1 bytes"):
        check_store(tmp_path)
    monkeypatch.undo()
    (tmp_path / "c").symlink_to("/etc")
    with pytest.raises(ValueError, match="it has a link, c"):
        check_store(tmp_path)
