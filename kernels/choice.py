"""Which backend computes attention when nobody names one, and why: the one place of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import torch

from gsdmc.kernels.toolchain import triton_lacks
from gsdmc.kernels.triton.configs import tile_pays

HAS_TRITON = find_spec("triton") is not None
TRITON_LACKS = triton_lacks()
TRITON_FROM = (8, 0)  # the oldest compute capability that triton supports

# Where dense products win on a CPU (benchmarks/attention.py, forward and backward): an entry of the sparse
# kernel costs about three times a pair of the dense one, and below 32 nodes the fixed costs decide.
DENSE_NODES = 32
DENSE_SHARE = 1 / 3


@dataclass(frozen=True)
class Choice:
    """A backend and the reason for it.

    Attributes:
        backend: a name in `gsdmc.kernels.attention.BACKENDS`.
        reason: what decided, as the rest of a sentence that begins with the backend.
    """

    backend: str
    reason: str


def choose(
    device: str,
    nodes: int,
    entries: int,
    symmetric: bool,
    width: int,
    dtype: torch.dtype = torch.float32,
    *,
    capability: tuple[int, int] | None = None,
) -> Choice:
    """Choose the backend by device, structure and shapes alone, so that equal inputs run alike.

    Args:
        device: the type of the tensors' device, `cpu` or `cuda` or another.
        nodes: N.
        entries: E, both directions of every edge and the diagonal counted.
        symmetric: whether every entry has its transpose.
        width: D, the head dimension.
        dtype: of queries, keys and values.
        capability: of the CUDA device; None on other devices.
    """
    if not symmetric:
        return Choice("reference", "an edge goes one way only, and only the reference takes that")
    full = entries >= DENSE_SHARE * nodes**2
    share = f"{entries:,} of {nodes**2:,} pairs are entries"
    if device == "cpu":
        if nodes <= DENSE_NODES:
            return Choice("dense", f"at most {DENSE_NODES} nodes, where fixed costs decide")
        if full:
            return Choice("dense", f"{share}, so many that skipping the rest costs more than it saves")
        return Choice("cpu", f"{share}, and the cost follows them")
    if device != "cuda":
        return Choice("dense", f"no sparse kernel runs on {device}")
    if TRITON_LACKS:
        return Choice("dense", f"the sparse kernel for CUDA can't run: {TRITON_LACKS}")
    if capability is None or capability < TRITON_FROM:
        found = "unknown" if capability is None else ".".join(map(str, capability))
        least = ".".join(map(str, TRITON_FROM))
        return Choice("dense", f"compute capability {found}, and the sparse kernel needs {least}")
    if tile_pays(dtype, nodes, entries, width):
        return Choice("triton", f"{share}, and the whole graph fits one tile of tensor-core products")
    if full:
        return Choice("dense", f"{share}, so many that skipping the rest costs more than it saves")
    return Choice("triton", f"{share}, and the cost follows them")
