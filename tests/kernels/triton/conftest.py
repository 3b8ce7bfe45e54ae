"""Kernels in triton's interpreter where there is no GPU; `tests/conftest.py` chooses it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
import torch

if find_spec("triton") is None:
    collect_ignore_glob = ["*.py"]


@pytest.fixture(autouse=True)
def large_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter takes its time per program, not per number."""
    from gsdmc.kernels.triton import configs
    from gsdmc.kernels.triton.run import interpreted

    if interpreted():
        monkeypatch.setattr(configs, "FORWARD", 2**14)
        monkeypatch.setattr(configs, "BACKWARD", 2**14)


@pytest.fixture(autouse=True)
def round_as_a_gpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter cuts off what bfloat16 can't hold."""
    import triton.language as tl
    from triton.runtime import interpreter

    cut = interpreter._convert_float

    def convert(x: Any, source: Any, target: Any, mode: Any) -> Any:
        if (source, target) != (tl.float32, tl.bfloat16):
            return cut(x, source, target, mode)
        return torch.tensor(x).bfloat16().view(torch.uint16).numpy()

    monkeypatch.setattr(interpreter, "_convert_float", convert)
