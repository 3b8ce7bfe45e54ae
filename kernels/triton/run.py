"""One way to start a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import triton
from torch import Tensor


def run(
    kernel: Any, programs: int, arguments: tuple[Any, ...], constants: Mapping[str, Any], *, warps: int
) -> None:
    """Run `programs` instances of a kernel on the device of its first argument; none does nothing."""
    first: Tensor = arguments[0]
    if programs == 0:
        return
    if first.is_cuda:
        with torch.cuda.device(first.device):
            kernel[(programs,)](*arguments, **constants, num_warps=warps)
    else:
        kernel[(programs,)](*arguments, **constants, num_warps=warps)


def interpreted() -> bool:
    """Whether kernels run in triton's interpreter, on any device."""
    return bool(triton.knobs.runtime.interpret)
