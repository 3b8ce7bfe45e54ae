from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.main import main
from gsdmc.cli.progress import ProgressLine
from gsdmc.cli.train import ranges


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_writes_its_folder_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "boolean", "--set", "n=2", "--steps", "2", "--batch", "2"]) == 0
    out = capsys.readouterr().out
    assert "runs/boolean: 2 steps in" in out
    assert "next: gsdmc evaluate runs/boolean" in out
    assert gsdmc.load("runs/boolean").problem.sizes == {"n": 2, "inputs": 4}
    assert main(["train", "boolean", "--set", "n=2", "--steps", "3", "--batch", "2", "--resume"]) == 0
    assert "3 steps" in capsys.readouterr().out


def test_compiled_problems_varied_sizes_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "bcmf", "-o", "b.gsdm"]) == 0
    capsys.readouterr()
    arguments = ["--steps", "2", "--batch", "2", "--vary", "m,n,k=1..3", "--seed", "4", "--out", "here"]
    assert main(["train", "b.gsdm", *arguments, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["folder"] == "here"
    assert record["vary"] == {name: [1, 3] for name in "mnk"}
    assert (record["steps"], record["seed"], record["interrupted"]) == (2, 4, False)


def test_options_are_kept_merged_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "sorting", "--set", "n=3", "--mask", "random:3", "-o", "s.gsdm"]) == 0
    capsys.readouterr()
    arguments = ["train", "s.gsdm", "--steps", "1", "--batch", "2", "--out", "m", "--given", "s"]
    assert main(arguments) == 0
    kept = gsdmc.load("m").problem
    assert kept.options.to_json() == {"given": ["s"], "mask": "random:3"}
    assert (kept.mask != gsdmc.compile("sorting", n=3, mask="random:3").mask).nnz == 0
    capsys.readouterr()
    arguments[arguments.index("--steps") + 1] = "2"
    assert main([*arguments, "--mask", "dense", "--resume"]) == 1
    err = capsys.readouterr().err
    assert "another choice of `mask`; its options: --given s --mask random:3" in err
    assert main([*arguments, "--resume", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["steps"], record["options"]) == (2, kept.options.to_json())


def test_warnings_come_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    Path("two.clj").write_text('[(sample "a" (normal 0 1)) (sample "b" (normal 0 1))]')
    assert main(["train", "two.clj", "--steps", "1", "--batch", "2"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("warning: the graph has 2 components")
    assert "Theorem 1" in err


def test_ctrl_c_keeps_a_usable_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = ProgressLine.__call__

    def pressed(self: ProgressLine, progress: gsdmc.Progress) -> None:
        if not self.stopping:
            os.kill(os.getpid(), signal.SIGINT)
        original(self, progress)

    monkeypatch.setattr(ProgressLine, "__call__", pressed)
    before = signal.getsignal(signal.SIGINT)
    assert main(["train", "boolean", "--minutes", "60", "--batch", "2"]) == 0
    assert signal.getsignal(signal.SIGINT) is before
    err = capsys.readouterr().err
    assert "stopping after this step" in err
    model = gsdmc.load("runs/boolean")
    steps = model.trained.run["steps"]
    assert f"interrupted: runs/boolean holds the model after {steps} step" in err
    assert model.sample({"x": [1] * 16}, steps=1)["y"].shape == (1, 15)


def test_a_folder_with_other_things_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("mine")
    assert main(["train", "bcmf", "--steps", "1", "--out", "."]) == 1
    assert "holds files but no model" in capsys.readouterr().err
    assert Path("notes.txt").read_text() == "mine"


def test_a_size_without_a_range(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "inversion", "--steps", "1", "--vary", "n"]) == 1
    assert "--vary n=1..10" in capsys.readouterr().err


def test_ranges_hold_for_the_names_before_them() -> None:
    assert ranges("m,n,k") == {"m": None, "n": None, "k": None}
    assert ranges("m,n=1..10") == {"m": (1, 10), "n": (1, 10)}
    assert ranges("m=1..5, n,k=2..3,l") == {"m": (1, 5), "n": (2, 3), "k": (2, 3), "l": None}
    for wrong in ("m=1", "m=1..", "=1..2", "", "m,,n", "m=a..b"):
        with pytest.raises(argparse.ArgumentTypeError):
            ranges(wrong)


def test_the_network_is_chosen_by_flags(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "boolean", "--set", "n=2", "--steps", "1", "--batch", "2", "--out", "m"]
    flags = ["--layers", "1", "--loops", "2", "--width", "12", "--heads", "3", "--no-roles"]
    assert main([*arguments, *flags]) == 0
    err = capsys.readouterr().err
    assert "the network has 1 attention layer, looped 2 times, and the graph's diameter is 4." in err
    model = gsdmc.load("m")
    shape = model.trained.denoiser.config
    assert (shape.layers, shape.loops, shape.width, shape.heads, shape.roles) == (1, 2, 12, 3, False)
    assert len(model.trained.denoiser.blocks) == 1
    arguments[arguments.index("--steps") + 1] = "2"
    assert main([*arguments, *flags, "--resume"]) == 0
    capsys.readouterr()
    assert main([*arguments, "--resume"]) == 1
    assert "was trained with other settings" in capsys.readouterr().err


def test_a_network_that_can_not_be_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "bcmf", "--steps", "1", "--width", "50"]) == 1
    assert "width 50 can't be divided among its 4 heads\nhelp: try width 48" in capsys.readouterr().err
    assert main(["train", "bcmf", "--steps", "1", "--width", "48", "--preset", "paper"]) == 1
    assert "the 32 groups of the paper's norm\nhelp: try width 64" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_nothing_to_infer_is_warned_of_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "boolean", "--set", "n=1", "--given", "x,y", "--steps", "1"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("warning: every variable is given")
    assert "error: every variable is given, so there is nothing to infer" in err
    assert not Path("runs").exists() or not any(Path("runs").iterdir())


def test_how_steps_run_is_asked_for_kept_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "boolean", "--set", "n=2", "--steps", "1", "--batch", "2", "--out", "m"]
    asked = ["--device", "cpu", "--precision", "bfloat16", "--recompute", "on"]
    assert main([*arguments, *asked, "--json"]) == 0
    printed = capsys.readouterr()
    assert "bfloat16 gains nothing on a CPU" in printed.err
    said = json.loads(printed.out)["acceleration"]
    assert (said["device"], said["precision"], said["recompute"]) == ("cpu", "bfloat16", True)
    config = gsdmc.load("m").trained.config
    assert (config.precision, config.recompute, config.compile) == ("bfloat16", "on", "auto")
    assert main([*arguments, "--device", "gpu"]) == 1
    assert "devices are cpu, cuda, cuda:N and auto" in capsys.readouterr().err
    assert main([*arguments, "--device", "cpu", "--graphs", "on"]) == 1
    assert "CUDA graphs exist on CUDA alone" in capsys.readouterr().err
    assert main(["sample", "m", "--device", "cuda:99"]) == 1
    assert "cuda" in capsys.readouterr().err.lower()


def test_runs_are_logged_saved_and_ended_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", "boolean", "--set", "n=2", "--batch", "2", "--out", "m", "--device", "cpu"]
    flat = ["--config", "learning_rate=0", "--config", "matrix_rate=0", "--plateau", "2", "--save-every", "0"]
    assert main([*arguments, *flat, "--steps", "1000", "--json"]) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert record["ended"] == "plateau"
    assert f"the loss no longer falls: training ended after {record['steps']} steps" in said.err
    assert Path("m/logs/loss.csv").read_text().startswith("step,loss,rate,seconds\n")
    assert gsdmc.load("m").trained.config.plateau == 2
    capsys.readouterr()
    assert main([*arguments, "--steps", "1", "--config", "learning_rat=1"]) == 1
    assert "did you mean `learning_rate`" in capsys.readouterr().err
    assert main([*arguments, "--steps", "1", "--config", "missing=1.5"]) == 1
    assert "missing is a share of the examples, from 0 to 1, not 1.5" in capsys.readouterr().err
    for wrong in (["--save-every", "-1"], ["--plateau", "0"]):
        with pytest.raises(SystemExit) as caught:
            main([*arguments, *wrong])
        assert caught.value.code == 2
    with pytest.raises(gsdmc.GsdmcError, match="a plateau has some steps"):
        gsdmc.train("boolean", steps=1, plateau=-1, out=None)
    with pytest.raises(gsdmc.GsdmcError, match="can't come every nan seconds"):
        gsdmc.train("boolean", steps=1, save_every=float("nan"), out=None)


def test_a_folder_without_a_checkpoint_yet_is_trained_in_and_not_resumed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("m/logs").mkdir(parents=True)
    Path("m/.lock").touch()
    arguments = ["train", "boolean", "--set", "n=2", "--batch", "2", "--out", "m", "--steps", "1"]
    assert main([*arguments, "--resume"]) == 1
    assert "no checkpoint has been written there yet" in capsys.readouterr().err
    assert main(arguments) == 0
    assert gsdmc.load("m").trained.run["steps"] == 1


def test_simulations_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        '(def n 3)\n(let [a (sample "a" (normal 0 1))] (foreach n [i (range n)] (sample "x" (normal 0 a))))'
    )
    Path("shape.clj").write_text(text)  # structure alone: scales of its own draws would be negative
    dice = np.random.default_rng(0)
    np.savez("sims.npz", a=dice.normal(size=40), x=dice.normal(size=(40, 3)))
    tiny = ["--steps", "2", "--width", "32", "--layers", "1", "--heads", "2"]
    assert main(["train", "shape.clj", "--data", "sims.npz", "--held-out", "0.2", *tiny, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["simulations"] == 32
    assert (record["simulated"]["held_out"], record["simulated"]["by"]) == (8, "sims.npz")
    assert main(["evaluate", "runs/shape", "-n", "8", "--steps", "2"]) == 0
    assert main(["evaluate", "runs/shape", "--steps", "2"]) == 1
    assert "take 8 (-n 8)" in capsys.readouterr().err
    calibrate = ["calibrate", "runs/shape", "-n", "40", "--draws", "2", "--steps", "1"]
    assert main([*calibrate, "--data", "sims.npz"]) == 0
    np.savez("sims.npz", b=dice.normal(size=40), x=dice.normal(size=(40, 2)))
    capsys.readouterr()
    assert main(["train", "shape.clj", "--data", "sims.npz", *tiny]) == 1
    said = capsys.readouterr().err
    for part in (
        "the simulations of sims.npz don't fit",
        '"a" is missing',
        '"b" is no variable',
        "--set n=2",
    ):
        assert part in said
