from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import step_gpu
import torch

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "step_gpu.py"


def test_ways_of_a_step_are_timed_where_they_learn_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(step_gpu, "PROBLEMS", {"tiny": ("boolean", {"n": 2}, 2, 1.0, 1.0)})
    monkeypatch.setattr(step_gpu, "CHUNK", 3)
    monkeypatch.setattr(
        step_gpu, "WAYS", {"auto": {}, "other": {"learning_rate": 1.0, "warmup": 0}, "float32": {}}
    )
    row = step_gpu.measure("tiny", "default", torch.device("cpu"), 0.01)
    assert set(row["ms"]) == {"auto", "float32"}
    assert row["settled"]["auto"]["device"] == "cpu"
    assert "tiny default: other has the loss" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_without_a_device_it_says_so() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("step_gpu.py: there is no CUDA device")
