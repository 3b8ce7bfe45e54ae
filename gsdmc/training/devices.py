"""The devices of this machine that torch can compute on, and why there are no others."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

from gsdmc.language.source import GsdmcError

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Device:
    """A device that tensors can be on.

    Attributes:
        name: as torch has it, `cpu` or `cuda:0`.
        title: what its maker calls it; empty for the CPU.
        capability: compute capability of a CUDA device.
        memory: bytes of its own memory, of a CUDA device.
    """

    name: str
    title: str = ""
    capability: tuple[int, int] | None = None
    memory: int | None = None

    @property
    def kind(self) -> str:
        """The type of device: `cpu` or `cuda`."""
        return self.name.partition(":")[0]


def devices() -> tuple[list[Device], str | None]:
    """The CPU and every CUDA device, and why there is none of the latter, where there is none."""
    found = [Device("cpu")]
    if torch.version.cuda is None:
        return found, f"torch {torch.__version__} is built without CUDA"
    with warnings.catch_warnings(record=True) as caught:  # an old driver is worth a warning to torch
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if not available:
        said = f": {str(caught[0].message).strip().splitlines()[0]}" if caught else ""
        return found, f"torch, built for CUDA {torch.version.cuda}, finds no device and driver{said}"
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        capability = torch.cuda.get_device_capability(number)
        found.append(Device(f"cuda:{number}", properties.name, capability, properties.total_memory))
    return found, None


def choose_device(wanted: str | torch.device = "auto") -> tuple[torch.device, str]:
    """The device that a name stands for, and why it is that one.

    Args:
        wanted: `cpu`, `cuda`, `cuda:N`, or `auto` for the first CUDA device where there is one, else the CPU.

    Raises:
        GsdmcError: there is no such device here.
    """
    name = str(wanted)
    kind, colon, number = name.partition(":")
    if name == "cpu":
        return torch.device("cpu"), "asked for"
    if name != "auto" and (kind != "cuda" or (bool(colon) and not (number.isascii() and number.isdigit()))):
        raise GsdmcError(f"`{name}` is no device", hint="devices are cpu, cuda, cuda:N and auto")
    here, absent = devices()
    names = [device.name for device in here if device.kind == "cuda"]
    if name == "auto":
        return (
            (torch.device(names[0]), "there is a CUDA device")
            if names
            else (torch.device("cpu"), str(absent))
        )
    index = int(number or 0)
    if not names:
        raise GsdmcError(
            f"there is no CUDA device: {absent}", hint="use cpu, or auto, which takes what is there"
        )
    if index >= len(names):
        raise GsdmcError(f"there is no device `{name}`", hint=f"there is {', '.join(names)}")
    return torch.device("cuda", index), "asked for"


def usable_cores() -> int:
    """Processor cores that this process may use, by its affinity and its container's quota, at least one."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota, _, period = _limit("cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        cores = min(cores, max(1, int(quota) // int(period)))
    return int(cores)


def usable_memory() -> int | None:
    """Bytes of main memory that this process may use; None where the system doesn't tell."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    limit = _limit("memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def _limit(name: str) -> str:
    """What a container's control group says, in cgroup's second version; empty without one."""
    try:
        return (CGROUP / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
