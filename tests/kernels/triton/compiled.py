"""Compile every kernel as the launcher would call it, for GPUs that need not be there.

`python compiled.py` prints one JSON object a kernel and target: what it takes, the atomics in its PTX, and
strides that are multiplied in 32 bits.
It runs in a process of its own, since triton compiles nothing where it interprets.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs, launch, role_sums, rows, tile
from gsdmc.kernels.triton.run import OPTIONS

TYPES = {
    torch.float16: "fp16",
    torch.bfloat16: "bf16",
    torch.float32: "fp32",
    torch.float64: "fp64",
    torch.int16: "i16",
    torch.int32: "i32",
    torch.int64: "i64",
}
ATOMICS = re.compile(r"\b(?:atom|red)\.[\w.]+")
LOADS = re.compile(r"\bld\.global\S*?(?:\.v(\d))?\.b(\d+)")


def load_bytes(load: tuple[str, str]) -> int:
    """Bytes that a load of so many numbers of so many bits takes."""
    return int(load[0] or 1) * int(load[1]) // 8


STRIDE = re.compile(r"[a-z]_(?:batch|head|node)")


def narrow_strides(kernel: Any, code: ASTSource, ttir: str) -> list[str]:
    """Lines of a kernel in triton's own language that use a stride before it has 64 bits.

    A stride fits 32 bits where the place that it is multiplied up to need not.
    """
    function = next(line for line in ttir.splitlines() if "tt.func public" in line)
    given = re.findall(r"%(\w+): ", function)
    names = [p.name for p in kernel.params if code.signature[p.name] != "constexpr"]
    strides = [arg for arg, name in zip(given, names, strict=True) if STRIDE.fullmatch(name)]
    uses = re.compile(rf"%(?:{'|'.join(strides)})\b") if strides else None
    body = ttir[ttir.index(function) + len(function) :].splitlines()
    return [line.strip() for line in body if uses and uses.search(line) and "arith.extsi" not in line]


@dataclass
class Calls:
    """Stands in for `run` and keeps what it is asked to run."""

    kept: list[tuple[Any, tuple[Any, ...], Mapping[str, Any], int]] = field(default_factory=list)

    def __call__(
        self,
        kernel: Any,
        programs: int,
        arguments: tuple[Any, ...],
        constants: Mapping[str, Any],
        *,
        warps: int,
    ) -> None:
        self.kept.append((kernel, arguments, constants, warps))


def source(kernel: Any, arguments: tuple[Any, ...], constants: Mapping[str, Any]) -> ASTSource:
    """What triton's launcher would compile for these arguments."""
    signature: dict[str, str] = {}
    fixed: dict[str, Any] = dict(constants)
    aligned: dict[tuple[int], list[list[Any]]] = {}
    for number, (param, value) in enumerate(zip(kernel.params, arguments, strict=False)):
        if value is None:
            fixed[param.name] = None
        elif isinstance(value, torch.Tensor):
            signature[param.name] = f"*{TYPES[value.dtype]}"
            aligned[number,] = [["tt.divisibility", 16]]  # as torch allocates
        elif param.do_not_specialize:
            signature[param.name] = "i32"
        else:
            raise TypeError(f"{kernel.__name__}: {param.name} is specialised, {value}")
    signature = {p.name: signature.get(p.name, "constexpr") for p in kernel.params}
    return ASTSource(kernel, signature, fixed, aligned)


def band(nodes: int, reach: int, hub: bool = False) -> Structure:
    """Each node a neighbour of those up to `reach` away; with a hub, the first one of all."""
    i, j = (x.ravel() for x in np.mgrid[:nodes, :nodes])
    keep = (abs(i - j) <= reach) | (hub & ((i == 0) | (j == 0)))
    return Structure.build(nodes, i[keep], j[keep])


LONG, SHORT, SMALL, TINY = band(200, 5, hub=True), band(200, 1), band(81, 10), band(20, 3)
F64, F32, F16, BF16 = torch.float64, torch.float32, torch.float16, torch.bfloat16
CASES = [  # dtype, D, structure, with bias, lanes
    *((dtype, 32, LONG, True, 4) for dtype in (F64, F32, BF16)),
    *((F16, width, SHORT, True, 1) for width in (8, 12, 24, 64, 128)),
    (F32, 48, SHORT, False, 1),
    *((dtype, 16, SMALL, True, 1) for dtype in (F16, BF16)),
    (BF16, 64, SMALL, False, 1),
    *((BF16, width, TINY, False, 1) for width in (8, 128)),
]


def calls(cases: list[Any]) -> Iterator[tuple[str, Any, tuple[Any, ...], Mapping[str, Any], int]]:
    for dtype, width, s, biased, lanes in cases:
        calls = Calls()
        configs.ENOUGH = 0 if lanes == 1 else sys.maxsize
        q, k, v = torch.zeros(3, 4, s.nodes, 2, width, dtype=dtype).transpose(2, 3).unbind()
        q.requires_grad_()
        bias = torch.zeros(2, 1, requires_grad=True) if biased else None
        with ExitStack() as stack:
            for module in (rows, tile, role_sums):
                stack.enter_context(patch.object(module, "run", calls))
            out = launch.attend(q, k, v, s, bias, width**-0.5)
            torch.autograd.grad(out.sum(), q if bias is None else (q, bias))
        for kernel, arguments, constants, warps in calls.kept:
            name = f"{kernel.__name__} {TYPES[dtype]} N={s.nodes} D={width}{' bias' if biased else ''}"
            yield name, kernel, arguments, constants, warps


def registers(ptx: str) -> tuple[int, int]:
    """Registers a thread and bytes spilled, as ptxas counts them; -1 where no ptxas reads the code."""
    target = re.search(r"^\.target (\w+)", ptx, re.MULTILINE)
    assert target
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.ptx"
        path.write_text(ptx)
        options = ["-v", f"--gpu-name={target[1]}", str(path), "-o", str(Path(folder) / "kernel.cubin")]
        # The second one is newer, whatever its name says.
        for ptxas in sorted((Path(triton.__file__).parent / "backends/nvidia/bin").glob("ptxas*")):
            done = subprocess.run([str(ptxas), *options], capture_output=True, text=True)
            used = re.search(r"Used (\d+) registers", done.stderr)
            spilled = re.search(r"(\d+) bytes spill stores", done.stderr)
            if done.returncode == 0 and used and spilled:
                return int(used[1]), int(spilled[1])
    return -1, -1


def main() -> None:
    seen = set()
    for capability in (80, 90):
        for name, kernel, arguments, constants, warps in calls(CASES):
            code = source(kernel, arguments, constants)
            key = capability, code.hash(), warps
            if key in seen:
                continue
            seen.add(key)
            compiled = triton.compile(
                code, target=GPUTarget("cuda", capability, 32), options={**OPTIONS, "num_warps": warps}
            )
            ptx = compiled.asm["ptx"]
            used, spilled = registers(ptx)
            facts = {
                "kernel": name,
                "capability": capability,
                "shared": compiled.metadata.shared,
                "registers": used,
                "spilled": spilled,
                "widest": max(map(load_bytes, LOADS.findall(ptx)), default=0),
                "narrow": narrow_strides(kernel, code, compiled.asm["ttir"]),
                "atomics": sorted(set(ATOMICS.findall(ptx))),
                "constants": {k: str(v) for k, v in constants.items()},
            }
            print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
