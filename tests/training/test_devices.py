from __future__ import annotations

import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gsdmc.language.source import GsdmcError
from gsdmc.training import devices as module
from gsdmc.training.devices import Device, choose_device, devices, usable_cores, usable_memory


def test_a_build_without_cuda_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    found, why = devices()
    assert found == [Device("cpu")]
    assert why is not None
    assert "built without CUDA" in why


def test_a_driver_that_is_missing_or_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def available() -> bool:
        warnings.warn("The NVIDIA driver on your system is too old\n(found version 11000)", stacklevel=1)
        return False

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", available)
    found, why = devices()
    assert found == [Device("cpu")]
    assert why == "torch, built for CUDA 13.0, finds no device and driver: " + (
        "The NVIDIA driver on your system is too old"
    )


def test_every_gpu_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda i: SimpleNamespace(name=f"GPU {i}", total_memory=i)
    )
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda i: (8, i))
    found, why = devices()
    assert why is None
    assert found == [
        Device("cpu"),
        Device("cuda:0", "GPU 0", (8, 0), 0),
        Device("cuda:1", "GPU 1", (8, 1), 1),
    ]
    assert [d.kind for d in found] == ["cpu", "cuda", "cuda"]


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("900000 100000", 8), ("", 8)],
)
def test_cores_by_affinity_and_quota(
    quota: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.setattr(module, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores() == cores


def test_a_mac_has_neither_affinity_nor_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CGROUP", tmp_path)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 10)
    assert usable_cores() == 10


def test_memory_is_the_machine_s_or_the_container_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}[name])
    assert usable_memory() == 4_096_000
    (tmp_path / "memory.max").write_text("max\n")
    assert usable_memory() == 4_096_000
    (tmp_path / "memory.max").write_text("1000000\n")
    assert usable_memory() == 1_000_000

    def unknown(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert usable_memory() is None


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = [Device("cuda:0"), Device("cuda:1")]
    monkeypatch.setattr(module, "devices", lambda: ([Device("cpu"), *gpus], None))
    assert choose_device() == (torch.device("cuda", 0), "there is a CUDA device")
    assert choose_device("cuda") == (torch.device("cuda", 0), "asked for")
    assert choose_device(torch.device("cuda", 1)) == (torch.device("cuda", 1), "asked for")
    assert choose_device("cpu") == (torch.device("cpu"), "asked for")
    with pytest.raises(GsdmcError, match="there is no device `cuda:2`") as caught:
        choose_device("cuda:2")
    assert caught.value.hint == "there is cuda:0, cuda:1"


def test_without_a_gpu_auto_says_why_and_cuda_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "devices", lambda: ([Device("cpu")], "no driver"))
    assert choose_device("auto") == (torch.device("cpu"), "no driver")
    for name in ("cuda", "cuda:0"):
        with pytest.raises(GsdmcError, match="there is no CUDA device: no driver"):
            choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "mps", ""])
def test_other_names_are_no_devices(name: str) -> None:
    with pytest.raises(GsdmcError, match=f"`{name}` is no device"):
        choose_device(name)
