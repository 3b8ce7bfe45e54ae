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

# What attention costs on a CPU, forward and backward, in nanoseconds per head and example (heads of 16 to 32
# numbers, two cores with AVX-512; docs/decisions/0010). A call has fixed costs besides.
ENTRY = 16.0  # the sparse path
PAIR = 5.0  # dense products
FUSED_PAIR, FUSED_PAIR_LARGE = 8.0, 3.5  # torch's fused dense attention below and from `FUSED_LARGE` nodes
FUSED_LARGE = 128
FIXED, FUSED_FIXED = 80_000.0, 350_000.0  # fixed costs of the sparse path beyond those of the dense ones

DENSE_SHARE = 1 / 3
"""From this share of pairs on, dense products win on a GPU."""


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
    batch_heads: int = 128,
    biased: bool = True,
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
        batch_heads: B·H, the attention matrices of one call.
        biased: whether there is a role bias.
        capability: of the CUDA device; None on other devices.
    """
    if not symmetric:
        return Choice("reference", "an edge goes one way only, and only the reference takes that")
    full = entries >= DENSE_SHARE * nodes**2
    share = f"{entries:,} of {nodes**2:,} pairs are entries"
    if device == "cpu":
        if not dense_pays(nodes, entries, batch_heads, biased):
            return Choice("cpu", f"{share}, and the cost follows them")
        if full:
            return Choice("dense", f"{share}, so many that skipping the rest costs more than it saves")
        return Choice("dense", f"{share}, and the call is so small that fixed costs decide")
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


def dense_pays(nodes: int, entries: int, batch_heads: int, biased: bool) -> bool:
    """Whether dense products take less time on a CPU than the sparse path."""
    pairs, sparse = nodes**2, ENTRY * entries
    if batch_heads * (PAIR * pairs - sparse) <= FIXED:
        return True
    fused = FUSED_PAIR if nodes < FUSED_LARGE else FUSED_PAIR_LARGE
    return not biased and batch_heads * (fused * pairs - sparse) <= FUSED_FIXED


def fused_pays(nodes: int, batch_heads: int) -> bool:
    """Whether torch's fused dense attention, which knows no bias, beats dense products on a CPU."""
    return nodes >= FUSED_LARGE or batch_heads * (FUSED_PAIR - PAIR) * nodes**2 <= FUSED_FIXED - FIXED
