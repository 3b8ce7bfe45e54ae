"""Where and when figures were measured, and the file that keeps them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]


def provenance() -> dict[str, Any]:
    """Machine, versions, commit, command and date."""
    return {
        "command": " ".join(["python", *sys.argv]),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(memory("MemTotal") / 2**30),
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "system": platform.platform(),
        },
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "triton": triton_version(),
        },
    }


def triton_version() -> str | None:
    """None where it isn't installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("triton")
    except PackageNotFoundError:
        return None


def processor() -> str:
    """Name of the first core."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    return name or platform.processor() or platform.machine()


def memory(kind: str = "MemAvailable") -> int:
    """Bytes of memory; 8 GiB where the system doesn't say."""
    info = Path("/proc/meminfo")
    lines = info.read_text().splitlines() if info.exists() else []
    found = next((int(x.split()[1]) * 1024 for x in lines if x.startswith(f"{kind}:")), None)
    return 8 * 2**30 if found is None else found


def commit() -> str | None:
    """The checkout's commit, with a plus where files differ from it; None without git."""
    try:
        command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=10", "--dirty=+"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def write(path: Path, result: dict[str, Any]) -> None:
    """Write in one step: a run that is stopped leaves the last whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    part.replace(path)


def verdict(name: str, have: float, need: float, *, least: bool = True) -> dict[str, Any]:
    """Print whether a ratio reaches its target, and return what was found."""
    met = have >= need if least else have <= need
    sign = "at least" if least else "at most"
    print(f"  {'pass' if met else 'FAIL'}  {name}: {have:.2f}, {sign} {need:g} wanted")
    return {"target": name, "ratio": float(f"{have:.4g}"), "wanted": f"{sign} {need:g}", "met": met}
