from __future__ import annotations

import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gsdmc.training import devices as module
from gsdmc.training.devices import Device, devices, usable_cores, usable_memory


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
