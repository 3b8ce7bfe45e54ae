from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch

from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import load
from gsdmc.training.devices import Device
from gsdmc.training.distributed import joined, own_device
from gsdmc.training.launched import Place, launched
from gsdmc.training.ranks import ALONE

ROOT = Path(__file__).parents[2]
CREW = Path(__file__).with_name("crew.py")

Told = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crew")


@pytest.fixture(scope="module")
def told(folder: Path) -> Told:
    """What `crew.py` says of its scenarios, each once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(CREW), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Told = json.loads((folder / "said.json").read_text())
    return found


def apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The mean distance of weights; Adam moves those of a gradient near 0 by its rounding's sign."""
    pairs = zip(one["weights"], other["weights"], strict=True)
    return fmean(abs(a - b) for a, b in pairs)


@pytest.mark.parametrize("name", ["fresh", "paper", "fixed", "varied"])
def test_two_processes_take_the_steps_of_one_with_twice_the_batch(name: str, told: Told) -> None:
    one, *two = told[name]
    assert len(one["losses"]) == 4
    for each in two:
        assert each["losses"] == pytest.approx(one["losses"], rel=1e-5)
        assert apart(each, one) < 1e-5
        assert each["run"]["processes"] == 2
    assert two[0]["weights"] == two[1]["weights"]  # to the bit


def test_each_process_has_rows_of_its_own_and_all_of_them_are_the_whole(told: Told) -> None:
    whole, first, second = told["fresh"]
    assert first["rows"] != second["rows"]
    for rows, some, others in zip(whole["rows"], first["rows"], second["rows"], strict=True):
        assert [a + b for a, b in zip(some, others, strict=True)] == pytest.approx(rows, rel=1e-6)


def test_accumulated_passes_are_a_larger_batch(told: Told) -> None:
    one, several = told["accumulated"]
    assert several["losses"] == pytest.approx(one["losses"], rel=1e-5)
    assert apart(several, one) < 1e-5
    for each in told["both"]:
        assert each["losses"] == pytest.approx(one["losses"], rel=1e-5)
        assert apart(each, one) < 1e-5


def test_a_resumed_run_of_two_equals_an_uninterrupted_one_and_may_go_on_as_one(
    told: Told, folder: Path
) -> None:
    assert [each["run"]["steps"] for each in told["stopped"]] == [2, 2]
    whole = told["fresh"][1]
    for each in told["resumed"]:
        assert each["weights"] == whole["weights"]
        assert each["losses"] == whole["losses"][2:]
    (alone,) = told["alone"]
    assert alone["losses"] == pytest.approx(whole["losses"][2:], rel=1e-5)
    (refused,) = told["elsewise"]
    assert "was trained with 8 examples per step, and these are 4" in refused["error"]
    assert load(folder / "kept").run["processes"] == 2


def test_simulations_are_shared_out_and_are_those_of_one_process(told: Told) -> None:
    for each in told["dealt"]:
        assert each == {"calls": 2, "wrong": []}  # 40 steps are three chunks, in two rounds of two
    for each in told["dealt varied"]:
        assert each == {"calls": 0, "wrong": []}  # at other sizes than the problem's own


def test_only_the_first_reports_progress(told: Told) -> None:
    assert told["fresh"][1]["shown"][-1] == 4
    assert told["fresh"][2]["shown"] == []


def test_an_interrupt_of_one_ends_all_after_the_same_step(told: Told, folder: Path) -> None:
    for each in told["interrupted"]:
        assert (each["run"]["steps"], each["run"]["ended"]) == (3, "interrupted")
    assert load(folder / "i").run["steps"] == 3


def test_a_failure_of_one_ends_all_and_says_why(told: Told, folder: Path) -> None:
    first, second = told["failed"]
    assert first["error"].startswith("process 1 of the run failed: the simulator fell over; ")
    assert first["error"].endswith("holds the state of step 2")
    assert first["hint"] == second["hint"] == "mend it"
    assert second["error"] == "the simulator fell over"
    assert load(folder / "f").run["steps"] == 2


def test_a_process_that_is_killed_ends_all(told: Told, folder: Path) -> None:
    first, second = told["killed"]
    assert second == {"killed": True}
    assert first["error"].startswith("another process of the run ended without a word; ")
    assert load(folder / "k").run["steps"] == 2


def test_a_folder_in_use_is_refused_by_all(told: Told) -> None:
    first, second = told["locked"]
    assert "is being trained by process" in first["error"]
    assert second["error"] == f"process 0 of the run failed: {first['error']}"


def test_the_clock_of_the_first_ends_all_after_the_same_step(told: Told) -> None:
    first, second = told["minutes"]
    assert first["run"]["steps"] == second["run"]["steps"] > 1
    assert first["run"]["ended"] == second["run"]["ended"] == "budget"
    assert first["losses"] == second["losses"]
    assert 1.2 <= second["seconds"] < 50


def test_a_level_loss_ends_all_after_the_same_step(told: Told) -> None:
    first, second = told["level"]
    assert first["run"]["ended"] == second["run"]["ended"] == "plateau"
    assert first["run"]["steps"] == second["run"]["steps"]


def test_a_loss_that_is_no_number_in_one_is_none_in_all(told: Told) -> None:
    for each in told["diverged"]:
        assert each["error"] == "the program drew a value of `C` that is not finite, for step 2"


def test_processes_that_would_take_other_steps_are_refused(told: Told) -> None:
    for each in told["unlike"]:
        assert each["error"].startswith("process 1 of the run has another program, other settings or")


def test_the_command_line_speaks_once(told: Told, folder: Path) -> None:
    first, second = told["commanded"]
    assert "2 steps in 0:0" in first["out"]
    assert "on cpu by 2 processes" in first["out"]
    assert (first["code"], second) == (0, {"code": 0, "out": "", "err": ""})
    assert load(folder / "c").run["processes"] == 2
    first, second = told["mistaken"]
    assert "nowhere.clj" in first["err"]
    assert (first["code"], second) == (1, {"code": 1, "out": "", "err": ""})
    first, second = told["misused"]
    assert "expected a whole number" in first["err"]
    assert (first["code"], second) == (2, {"code": 2, "out": "", "err": ""})
    first, second = told["sampled"]
    assert first["err"].startswith("error: torchrun's processes share the work of gsdmc train alone")
    assert second["err"] == ""
    _, second = told["mistaken alone"]
    assert second["err"].startswith("process 1: error: ")
    assert "nowhere.clj" in second["err"]


def test_a_process_alone_joins_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched() == Place()
    with joined(torch.device("cpu")) as ranks:
        assert ranks is ALONE
    assert own_device("cuda:3") == "cuda:3"
    place(monkeypatch, 1, 2, MASTER_PORT="none")
    assert launched() == Place()


def place(monkeypatch: pytest.MonkeyPatch, rank: int, size: int, **others: str) -> None:
    known = {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "here", "MASTER_PORT": "1", **others}
    for name, value in known.items():
        monkeypatch.setenv(name, value)


def test_each_process_of_a_machine_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    place(monkeypatch, 5, 8, LOCAL_RANK="1")
    assert launched() == Place(5, 8, 1)
    gpus = [Device("cpu"), Device("cuda:0"), Device("cuda:1")]
    monkeypatch.setattr("gsdmc.training.distributed.devices", lambda: (gpus, None))
    assert own_device("auto") == own_device("cuda") == "cuda:1"
    assert own_device("cpu") == "cpu"
    assert own_device("gpu") == "gpu"
    with pytest.raises(GsdmcError, match="can't share `cuda:0`"):
        own_device("cuda:0")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(GsdmcError, match="more processes than GPUs on this machine, which has 2") as caught:
        own_device("cuda")
    assert "--nproc-per-node 2" in str(caught.value.hint)
    monkeypatch.setattr("gsdmc.training.distributed.devices", lambda: (gpus[:1], "no driver"))
    assert own_device("auto") == "auto"
