from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.main import main

E = np.full((7, 4), 0.5)


@pytest.fixture
def evidence(tmp_path: Path) -> str:
    np.save(tmp_path / "E.npy", E)
    return f"E={tmp_path / 'E.npy'}"


def test_samples_are_those_of_the_api(bcmf_folder: Path, evidence: str, tmp_path: Path) -> None:
    out = tmp_path / "samples.npz"
    arguments = ["--evidence", evidence, "-n", "2", "--seed", "3", "--steps", "2", "--restore"]
    assert main(["sample", str(bcmf_folder), *arguments, "-o", str(out)]) == 0
    expected = gsdmc.load(bcmf_folder).sample({"E": E}, num_samples=2, seed=3, steps=2, restore=True)
    with np.load(out) as archive:
        for name, array in expected.items():
            np.testing.assert_array_equal(archive[name], array)


def test_json_to_a_file_and_to_the_screen(
    bcmf_folder: Path, evidence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", str(bcmf_folder), "--evidence", evidence, "--steps", "1", "--set", "k=2"]
    assert main([*arguments, "-o", str(tmp_path / "s.json"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "s.json").read_text())
    assert found["dims"]["A"] == ["sample", "i", "t"]
    assert np.shape(found["arrays"]["A"]) == (1, 7, 2)
    assert (found["seed"], found["restored"], found["valid"]) == (0, True, [False])
    assert found["report"]["restore"]["C"]["elements"] == 7 * 4 * 2


def test_the_screen_shows_means_and_residuals(
    bcmf_folder: Path, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", str(bcmf_folder), "--evidence", evidence, "-n", "3", "--steps", "1"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "restore: recomputed from their parents: C changed by " in err
    assert "restored samples against the program:" in out
    assert main([*arguments, "--no-restore"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert "E(sample=3, i=7, j=4) float32, 28 of 28 given" in out
    assert "A, mean:" in out
    assert "network samples against the program:\nC: residual" in out


def test_many_data_sets_come_from_one_file(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "E.npy", np.stack([E, E + 0.1]))
    arguments = ["sample", str(bcmf_folder), "--evidence", f"E={tmp_path / 'E.npy'}", "--steps", "1"]
    arguments += ["--batched", "-n", "3", "--memory", "0.5"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dims"]["A"] == ["dataset", "sample", "i", "t"]
    assert np.shape(found["arrays"]["A"]) == (2, 3, 7, 3)
    assert np.shape(found["valid"]) == (2, 3)
    assert main(arguments) == 0
    assert "of 6 samples" in capsys.readouterr().out
    assert main([*arguments[:-1], "1e-9"]) == 1
    assert "has no room for a sample" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments[:-1], "none"])


@pytest.mark.parametrize(
    ("content", "arguments", "says"),
    [
        ("[[1, null]]", [], 'lacks an entry of "E"'),
        ("[[1, 2], [3]]", [], 'evidence "E" is no array'),
        ("[[[1]]]", ["--set", "m=3"], "has size 1 along i, but m = 3"),
        ("[[1, 2]]", ["--set", "q=3"], "no def `q`"),
    ],
)
def test_mistakes(
    bcmf_folder: Path,
    content: str,
    arguments: list[str],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "E.json").write_text(content)
    evidence = ["--evidence", f"E={tmp_path / 'E.json'}", "--steps", "1"]
    assert main(["sample", str(bcmf_folder), *evidence, *arguments]) == 1
    assert says in capsys.readouterr().err


def test_leave_to_ask_anything(bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "E.csv").write_text("0.5,\n,0.25\n")
    arguments = ["sample", str(bcmf_folder), "--evidence", f"E={tmp_path / 'E.csv'}", "--steps", "1"]
    assert main([*arguments, "--no-strict", "--json"]) == 0
    found = np.array(json.loads(capsys.readouterr().out)["arrays"]["E"][0])
    assert found[[0, 1], [0, 1]].tolist() == [0.5, 0.25]


def test_repair_and_polish_report_to_standard_error(
    bcmf_folder: Path, evidence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "samples.npz"
    arguments = ["sample", str(bcmf_folder), "--evidence", evidence, "-n", "2", "--steps", "1"]
    assert main([*arguments, "--repair", "2", "--polish", "-o", str(out), "--json"]) == 0
    plain, err = capsys.readouterr()
    found = json.loads(plain)
    assert "polish: " in err
    assert "repair: " in err
    assert found["report"]["polish"]["residuals"] == 28
    assert found["valid"] == [i not in found["report"]["repair"]["unsolved"] for i in range(2)]
    expected = gsdmc.load(bcmf_folder).sample({"E": E}, num_samples=2, steps=1, repair=2, polish=True)
    with np.load(out) as archive:
        assert archive["A"].dtype == np.float64
        np.testing.assert_array_equal(archive["A"], expected["A"])
    assert main([*arguments, "--polish", "--no-restore"]) == 1
    assert "polish judges restored samples, but restore is off" in capsys.readouterr().err


def test_evidence_that_contradicts_itself(
    bcmf_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.json").write_text('{"A": [[0.5]], "R": [[true]], "E": [[0.75]]}')
    arguments = ["sample", str(bcmf_folder), "--evidence", str(tmp_path / "all.json"), "--steps", "1"]
    assert main([*arguments, "--no-strict"]) == 0
    err = capsys.readouterr().err
    assert "warning" in err
    assert 'evidence "E" at [0, 0] is 0.75, but the program makes it 0.5' in err
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert "error" in err
    assert "but the program makes it 0.5 of the other evidence" in err
    assert '(sample "E"' in err  # the place in the program


def test_the_sampler_is_set_by_name(
    bcmf_folder: Path, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", str(bcmf_folder), "--evidence", evidence, "--json"]
    settings = ["--sampler", "solver=heun", "--sampler", "steps=4", "--sampler", "remask=0.1"]
    assert main([*arguments, *settings]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["network_calls"] == 3
    sampler = {"solver": "heun", "steps": 4, "remask": 0.1}
    expected = gsdmc.load(bcmf_folder).sample({"E": E}, sampler=sampler)
    np.testing.assert_array_equal(np.float32(found["arrays"]["A"]), expected["A"])
    assert main([*arguments, "--sampler", "auto", "--steps", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["network_calls"] == 2
    assert main([*arguments, "--sampler", "solver=euler"]) != 0
    assert "sampler.solver can't be" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "--sampler", "heun"])


def test_netcdf_is_the_dataset_of_the_api(bcmf_folder: Path, evidence: str, tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    out = tmp_path / "samples.nc"
    arguments = ["--evidence", evidence, "-n", "2", "--seed", "3", "--steps", "1", "--out", str(out)]
    assert main(["sample", str(bcmf_folder), *arguments]) == 0
    expected = gsdmc.load(bcmf_folder).sample({"E": E}, num_samples=2, seed=3, steps=1).to_xarray()
    with xr.open_dataset(out, engine="h5netcdf") as data:
        assert data.attrs == {**expected.attrs, "seed": "3", "network_calls": "1"}
        xr.testing.assert_equal(data.load(), expected)
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".npy"] == ["samples.nc"]


def test_netcdf_without_its_package_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    assert main(["sample", str(tmp_path / "none"), "-o", str(tmp_path / "s.nc")]) == 1
    assert "pip install 'gsdmc[netcdf]'" in capsys.readouterr().err


def test_evidence_comes_from_standard_input(
    bcmf_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", str(bcmf_folder), "--steps", "1", "--json", "--evidence"]
    found = []
    for spec, value in (("-", {"E": E.tolist()}), ("E=-", E.tolist())):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(value)))
        assert main([*arguments, spec]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert found[0]["arrays"]["E"] == [E.tolist()]
    monkeypatch.setattr(sys, "stdin", io.StringIO("[1]"))
    assert main([*arguments, "-"]) == 1
    assert "say which it is: NAME=-" in capsys.readouterr().err


def test_the_type_is_chosen_and_refused(
    bcmf_folder: Path, evidence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", str(bcmf_folder), "--evidence", evidence, "--steps", "1", "--dtype"]
    assert main([*arguments, "float64", "-o", str(tmp_path / "s.npz")]) == 0
    with np.load(tmp_path / "s.npz") as archive:
        assert archive["A"].dtype == np.float64
    assert main([*arguments, "bfloat16"]) == 1
    assert "bfloat16 is for CUDA devices" in capsys.readouterr().err
