from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
import torch

from gsdmc.cli import doctor
from gsdmc.cli.main import main
from gsdmc.kernels import attention, choice, toolchain
from gsdmc.kernels.selftest import Agreement


def findings(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    assert main(["doctor", "--json", *arguments]) == code
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU on which triton's kernels could run, and every check holds."""
    properties = SimpleNamespace(name="NVIDIA H100", total_memory=80 * 2**30)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    monkeypatch.setattr(choice, "TRITON_LACKS", None)
    monkeypatch.setattr(
        "gsdmc.inference.backends.compare", lambda backend, device: Agreement(backend, device, {"values": 0})
    )


def test_text_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(capsys)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"torch {torch.__version__}" in out
    rows = found["attention"]
    assert isinstance(rows, list)
    assert [row["program"] for row in rows if row["device"] == "cpu"] == list(doctor.PROBLEMS)
    for row in rows:
        line = next(x for x in out.splitlines() if x.split()[:2] == [row["program"], row["device"]])
        assert line.split()[2] == row["backend"]
        assert line.endswith(row["reason"])
        assert "choice" not in row
    checks = found["checks"]
    assert isinstance(checks, list)
    assert {(c["backend"], c["device"]) for c in checks} == {(r["backend"], r["device"]) for r in rows}
    assert found["healthy"] is True
    training = found["training"]
    assert isinstance(training, dict)
    for step in training["steps"]:
        for name in ("precision", "compile", "graphs"):
            assert any(
                line.split()[:2] == [step["device"], name] and line.endswith(step["reasons"][name])
                for line in out.splitlines()
            )
    assert out.count("agrees") == len(checks)


@pytest.mark.parametrize(
    ("arguments", "backend", "reason"),
    [
        (["--set", "m=10", "--set", "n=10", "--set", "k=10"], "cpu", "of 1,690,000 pairs are entries"),
        (["--mask", "dense"], "dense", "16,900 of 16,900 pairs"),
        (["--mask", "random:5"], "reference", "one way only"),
    ],
)
def test_a_program_with_its_options(
    arguments: list[str], backend: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = (r for r in findings(capsys, "bcmf", *arguments)["attention"] if r["device"] == "cpu")  # type: ignore[attr-defined]
    assert row["backend"] == backend
    assert reason in row["reason"]


def test_options_without_a_program_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--set", "k=7"], ["--mask", "dense"], ["--no-symmetrise"], ["--limit", "nodes=5"]):
        assert main(["doctor", *arguments]) == 1
        assert "gsdmc doctor bcmf --set k=7" in capsys.readouterr().err


def test_a_gpu_gets_its_own_choice(one_gpu: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "bcmf"]) == 0
    out = capsys.readouterr().out
    assert "cuda:0 NVIDIA H100, compute capability 9.0, 80.0 GiB" in out
    assert "training  on cuda:0: there is a CUDA device" in out
    assert "cuda:0    precision  bfloat16  tensor cores take bfloat16" in out
    assert "cuda:0    graphs     on        one launch" in out
    rows = [line.split()[:3] for line in out.splitlines() if line.startswith("bcmf")]
    assert rows == [["bcmf", "cpu", "cpu"], ["bcmf", "cuda:0", "triton"]]


def test_a_gpu_without_a_compiler(
    one_gpu: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(toolchain, "c_compiler", lambda: None)
    monkeypatch.setattr(toolchain, "cxx_compiler", lambda: None)
    monkeypatch.setattr(toolchain, "find_spec", lambda _: object())
    monkeypatch.setattr(choice, "TRITON_LACKS", toolchain.triton_lacks())
    assert main(["doctor", "bcmf"]) == 0
    out = capsys.readouterr().out
    assert "compiler  there is no C++ compiler, which torch.compile needs; nothing depends on it" in out
    assert "bcmf     cuda:0  dense      the sparse kernel for CUDA can't run: there is no C compiler" in out


def test_a_mac_has_no_triton(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", missing)
    monkeypatch.setattr(toolchain, "find_spec", lambda _: None)
    monkeypatch.setattr(choice, "HAS_TRITON", False)
    monkeypatch.setattr(choice, "TRITON_LACKS", toolchain.triton_lacks())
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setitem(sys.modules, "triton", None)
    assert main(["doctor", "bcmf"]) == 0
    out = capsys.readouterr().out
    assert "triton not installed" in out
    assert "triton" not in out.replace("triton not installed", "")


def test_nothing_of_triton_is_imported() -> None:
    program = """
import sys
sys.modules["triton"] = None
from gsdmc.cli.main import main
code = main(["doctor", "bcmf"])
assert not [name for name in sys.modules if name.startswith("triton.")]
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("attend", "says", "row"),
    [
        (lambda q, k, v, s, bias, _: v + 0 * (q + k + bias.sum()), "differ by more than rounding", "WRONG"),
        (
            lambda q, k, v, s, bias, _: (q + k + v + bias.sum()) * torch.nan,
            "differ by more than rounding",
            "inf (values)",
        ),
        (lambda *_: torch.frob, "AttributeError", "WRONG"),  # type: ignore[attr-defined]
    ],
    ids=["other values", "no numbers", "an exception"],
)
def test_a_wrong_kernel_is_an_error_with_a_cure(
    attend: attention.Implementation,
    says: str,
    row: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(attention, "BACKENDS", {**attention.BACKENDS, "cpu": attend})
    assert main(["doctor", "bcmf"]) == 1
    out, err = capsys.readouterr()
    assert row in out
    assert "attention by `cpu` on cpu is wrong on this machine" in err
    assert says in err
    assert "reinstall torch" in err
    found = findings(capsys, "bcmf", code=1)
    assert found["healthy"] is False
