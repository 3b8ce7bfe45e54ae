"""How kernels are made and started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import triton
from torch import Tensor

# One stage: loads staged for several steps of a loop ahead would take the shared memory of other programs.
# Fused multiply-adds are half the work; triton 3.10 turns them off by default.
OPTIONS = {"num_stages": 1, "enable_fp_fusion": True}


def kernel(function: Callable[..., None]) -> Any:
    """Make a kernel of which one compilation serves all sizes of a graph.

    Pointers are annotated `tl.pointer_type`, integers `tl.tensor`, constants `tl.constexpr`. Triton would
    compile anew for integers that are 1 or divisible by 16.
    """
    integers = [name for name, kind in function.__annotations__.items() if kind == "tl.tensor"]
    return triton.jit(function, do_not_specialize=integers)


def run(
    kernel: Any, programs: int, arguments: tuple[Any, ...], constants: Mapping[str, Any], *, warps: int
) -> None:
    """Run `programs` instances of a kernel on the device of its first argument; none does nothing."""
    first: Tensor = arguments[0]
    if programs == 0:
        return
    options = {**constants, **OPTIONS, "num_warps": warps}
    if first.is_cuda:
        with torch.cuda.device(first.device):
            kernel[(programs,)](*arguments, **options)
    else:
        kernel[(programs,)](*arguments, **options)


def interpreted() -> bool:
    """Whether kernels run in triton's interpreter, on any device."""
    return bool(triton.knobs.runtime.interpret)
