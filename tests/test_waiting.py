"""Threads that wait for each other: what `import gsdmc` sets for OpenMP, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SET = "import gsdmc, os; print(os.environ.get('GOMP_SPINCOUNT'), os.environ.get('OMP_WAIT_POLICY'))"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "10000 None"),
        ({"GOMP_SPINCOUNT": "7"}, "7 None"),
        ({"OMP_WAIT_POLICY": "passive"}, "None passive"),
    ],
)
def test_threads_spin_shortly_unless_told_otherwise(given: dict[str, str], found: str) -> None:
    clean = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    done = subprocess.run(
        [sys.executable, "-c", SET], env={**clean, **given}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found
