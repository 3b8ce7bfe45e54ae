"""The one attention operation of the network, whatever computes it."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from gsdmc.kernels import csr, dense, reference
from gsdmc.kernels.structure import Structure

Implementation = Callable[[Tensor, Tensor, Tensor, Structure, Tensor | None, float], Tensor]

BACKENDS: dict[str, Implementation] = {
    "reference": reference.attend,
    "dense": dense.attend,
    "cpu": csr.attend,
}

# Where dense products win on a CPU (benchmarks/attention.py, forward and backward): an entry of the sparse
# kernel costs about three times a pair of the dense one, and below 32 nodes the fixed costs decide.
DENSE_NODES = 32
DENSE_SHARE = 1 / 3


def sparse_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    structure: Structure,
    role_bias: Tensor | None = None,
    *,
    scale: float | None = None,
    backend: str = "auto",
) -> Tensor:
    """Softmax attention in which every node attends to its neighbours.

    Args:
        q: queries, `[B, H, N, D]`.
        k: keys, same shape and dtype.
        v: values, same shape and dtype.
        structure: who attends to whom, on q's device.
        role_bias: `[H, R]`; an entry's logit gains the sum of the biases of its role set.
        scale: factor of q·k, 1/√D when None.
        backend: `reference` (dense, the oracle), `dense` (for small or full graphs), `cpu` (cost follows
            the edges) or `auto`, which picks by device, number of nodes and share of pairs that are entries.
            An asymmetric structure runs on the reference alone.

    Returns:
        `[B, H, N, D]`; differentiable once in q, k, v and role_bias.

    Raises:
        ValueError: an unknown backend or one that can't run the structure, or shapes, dtypes or devices
            that don't fit together.
    """
    _check(q, k, v, structure, role_bias)
    if scale is None:
        scale = q.shape[-1] ** -0.5
    entry_bias = None
    if role_bias is not None:
        per_set = role_bias.to(q.dtype) @ structure.membership.to(q.dtype).T  # [H, S]
        entry_bias = per_set.index_select(1, structure.role_sets)  # [H, E]
    return _choose(backend, q, structure)(q, k, v, structure, entry_bias, scale)


def _choose(backend: str, q: Tensor, structure: Structure) -> Implementation:
    if backend == "auto" and not structure.symmetric:
        backend = "reference"
    if backend == "auto":
        small = structure.nodes <= DENSE_NODES
        full = structure.entries >= DENSE_SHARE * structure.nodes**2
        backend = "dense" if small or full or q.device.type != "cpu" else "cpu"
    if backend not in BACKENDS:
        raise ValueError(f"backend: expected auto, {', '.join(BACKENDS)}, got {backend!r}")
    if backend != "reference" and not structure.symmetric:
        raise ValueError(f"backend {backend}: expected a symmetric structure; use reference for this one")
    if backend == "cpu" and q.device.type != "cpu":
        raise ValueError(f"backend cpu: expected tensors on the cpu, got {q.device}")
    return BACKENDS[backend]


def _check(q: Tensor, k: Tensor, v: Tensor, structure: Structure, role_bias: Tensor | None) -> None:
    if q.dim() != 4 or q.shape[2] != structure.nodes or q.shape[3] < 1:
        raise ValueError(f"q: expected shape [B, H, {structure.nodes}, D], got {list(q.shape)}")
    if not q.is_floating_point():
        raise ValueError(f"q: expected a floating dtype, got {q.dtype}")
    for name, tensor in (("k", k), ("v", v)):
        if tensor.shape != q.shape:
            raise ValueError(f"{name}: expected shape {list(q.shape)} like q, got {list(tensor.shape)}")
        if tensor.dtype != q.dtype:
            raise ValueError(f"{name}: expected dtype {q.dtype} like q, got {tensor.dtype}")
    if role_bias is not None and role_bias.shape != (q.shape[1], structure.roles):
        expected = [q.shape[1], structure.roles]
        raise ValueError(f"role_bias: expected shape {expected}, got {list(role_bias.shape)}")
    tensors = {"k": k, "v": v, "structure": structure.indptr, "role_bias": role_bias}
    for name, other in tensors.items():
        if other is not None and other.device != q.device:
            raise ValueError(f"{name}: expected device {q.device} like q, got {other.device}")
