from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernels.triton.compiled import ATOMICS

pytestmark = pytest.mark.slow

CAPABILITIES = (80, 90)
SHARED = 99 * 1024  # bytes that a program may take on every GPU since sm_80


def test_kernels_compile_for_gpus_without_atomics(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    script = Path(__file__).with_name("compiled.py")
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kernels = [json.loads(line) for line in done.stdout.splitlines()]
    names = {(k["kernel"].split()[0], k["capability"]) for k in kernels}
    assert names == {
        (name, capability)
        for capability in CAPABILITIES
        for name in (
            *("attend_rows", "differentiate_rows", "row_products", "merge_outputs", "merge_gradients"),
            *("attend_tile", "differentiate_tile", "sum_pieces", "sum_sets"),
        )
    }
    for kernel in kernels:
        assert kernel["atomics"] == [], kernel
        assert kernel["narrow"] == [], kernel  # tensors of more than 2^31 numbers are addressed in 64 bits
        assert kernel["shared"] <= SHARED, kernel
        assert kernel["spilled"] < 64, kernel
    # A load of neighbours takes 16 bytes where head dimension and strides allow it.
    wide = {k["kernel"]: k["widest"] for k in kernels if k["kernel"].startswith("attend_rows fp16")}
    assert {name.split("D=")[1].split()[0]: widest for name, widest in wide.items()} == {
        **dict.fromkeys(("8", "24", "64", "128"), 16),
        "12": 8,
    }


def test_an_atomic_would_be_found() -> None:
    code = "\tatom.global.add.f32 %r1;\n\tred.global.add.f32 [%rd1], %r1;\n\tst.shared.b32 [%r2], %r1;"
    assert ATOMICS.findall(code) == ["atom.global.add.f32", "red.global.add.f32"]
