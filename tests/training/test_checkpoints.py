from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gsdmc.language.source import GsdmcError
from gsdmc.training import checkpoint, checkpoints
from gsdmc.training.checkpoint import load, load_with_state
from gsdmc.training.checkpoints import SHARE, Checkpoints
from gsdmc.training.losses import DivergedError
from gsdmc.training.run import Run
from tests.model.problems import bcmf
from tests.training.test_loop import SMALL

MORTAL = Path(__file__).with_name("mortal.py")


@pytest.fixture
def run() -> Run:
    run = Run(bcmf(2, 2, 2), SMALL, 0, ())
    run.losses.interval = 4
    run.losses.add(run.advance(0.0))
    run.losses.read(run.step)
    return run


def keep(run: Run, folder: Path | None, every: float) -> Checkpoints:
    return Checkpoints(run, folder, 100, "(def k 2)", {"by": "test"}, {"note": b"1"}, every)


def test_checkpoints_come_when_they_are_due(run: Run, tmp_path: Path) -> None:
    kept = keep(run, tmp_path / "m", 60)
    assert not kept.due(59.0)
    assert kept.due(60.0)
    kept.take(61.0)
    assert not kept.due(1000.0)  # no step since
    run.advance(0.0)
    assert not kept.due(120.0)
    assert kept.due(1000.0)
    model = load(tmp_path / "m")
    assert (model.run["steps"], model.run["ended"], model.run["by"]) == (1, None, "test")
    assert (tmp_path / "m" / "note").read_bytes() == b"1"
    assert (tmp_path / "m" / "program.clj").read_text() == "(def k 2)"


def test_checkpoints_take_their_share_of_the_time_and_no_more(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 103.0])
    kept = keep(run, tmp_path / "m", 1)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoints.time, "perf_counter", lambda: next(clock))
        kept.take(10.0)
    run.advance(0.0)
    assert not kept.due(10.0 + 3 / SHARE - 1)
    assert kept.due(10.0 + 3 / SHARE + 1)
    always = keep(run, tmp_path / "m", 0)
    always.take(10.0)
    run.advance(0.0)
    assert always.due(10.0)
    assert not keep(run, None, 0).due(10.0)
    assert not keep(run, tmp_path / "m", float("inf")).due(1e300)


def test_no_bad_state_takes_the_place_of_a_good_one(run: Run, tmp_path: Path) -> None:
    kept = keep(run, tmp_path / "m", 0)
    kept.take(0.0)
    good = load_with_state(tmp_path / "m")[1]
    run.losses.curve = [(1, 1.0)]
    run.losses.window.extend([100.0] * 50)
    run.step += 1
    kept.take(0.0)  # the loss is not what it was, and may explode
    assert kept.kept == 1
    run.losses.window.clear()
    with torch.no_grad():
        run.weights[0].view(-1)[0] = float("nan")
    with pytest.raises(DivergedError) as caught:
        kept.take(0.0)
    assert (caught.value.step, caught.value.what) == (1, "a weight")
    assert load_with_state(tmp_path / "m")[1]["step"] == good["step"] == 1


def failing(code: int) -> Callable[..., None]:
    def fail(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(("code", "reason"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only")])
def test_a_folder_that_can_not_be_written_keeps_its_last_state(
    code: int, reason: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(run, tmp_path / "m", 0)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "write_files", failing(code))
        with pytest.raises(GsdmcError, match=f"state of step 1 can't be .*{reason}.*; no step is kept"):
            kept.take(0.0)
    kept.take(0.0)
    run.advance(0.0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing(code))
        with pytest.raises(
            GsdmcError, match=f"state of step 2 .*{reason}.*; it holds that of step 1"
        ) as caught:
            kept.take(0.0)
    assert "then resume the run (--resume)" in str(caught.value.hint)
    assert load(tmp_path / "m").run["steps"] == 1


@pytest.mark.slow
def test_a_run_that_is_killed_twenty_times_ends_in_the_same_weights(tmp_path: Path) -> None:
    # Without a GPU: torch's threads for one would not survive a fork.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(MORTAL), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    *steps, last = map(int, done.stdout.split())
    assert len(steps) == 20  # what the folder held after each kill
    assert steps == sorted(steps)
    assert len(set(steps)) > 5
    whole, killed = (load_with_state(tmp_path / name) for name in ("whole", "killed"))
    assert last == whole[0].run["steps"] == killed[0].run["steps"]
    assert same(whole[1], killed[1], but="seconds")
    assert same(whole[0].denoiser.state_dict(), killed[0].denoiser.state_dict())
    assert whole[0].metrics["loss"] == killed[0].metrics["loss"]
    rows = [(tmp_path / name / "logs" / "loss.csv").read_text().splitlines() for name in ("whole", "killed")]
    assert [r.split(",")[:3] for r in rows[0]] == [r.split(",")[:3] for r in rows[1]]


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor], but: str = "") -> bool:
    return one.keys() == other.keys() and all(one[k].equal(other[k]) for k in one if k != but)


def test_settings_of_checkpoints_do_not_change_the_weights(tmp_path: Path) -> None:
    from gsdmc.training.loop import train

    config = replace(SMALL, plateau=3)
    often = train(bcmf(2, 2, 2), config, steps=5, folder=tmp_path / "m", save_every=0)
    never = train(bcmf(2, 2, 2), config, steps=5)
    assert same(often.denoiser.state_dict(), never.denoiser.state_dict())
    assert often.metrics["loss"] == never.metrics["loss"]
