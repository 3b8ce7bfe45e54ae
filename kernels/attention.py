"""The one attention operation of the network, whatever computes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from gsdmc.kernels import choice, csr, dense, reference
from gsdmc.kernels.structure import Structure

Implementation = Callable[[Tensor, Tensor, Tensor, Structure, Tensor | None, float], Tensor]


def _triton(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, role_bias: Tensor | None, scale: float
) -> Tensor:
    from gsdmc.kernels.triton.launch import attend  # triton exists for Linux alone

    return attend(q, k, v, structure, role_bias, scale)


# All but triton, which sums over roles and role sets by itself, take the bias of each entry, `[H, E]`.
BACKENDS: dict[str, Implementation] = {
    "reference": reference.attend,
    "dense": dense.attend,
    "cpu": csr.attend,
    "triton": _triton,
}


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
            the edges), `triton` (the same on a GPU) or `auto`, which picks by the rule in
            `gsdmc.kernels.choice`. An asymmetric structure runs on the reference alone.

    Returns:
        `[B, H, N, D]`; differentiable once in q, k, v and role_bias.

    Raises:
        ValueError: an unknown backend or one that can't run the structure, or shapes, dtypes or devices
            that don't fit together.
    """
    # A small call takes no longer than a dozen lookups: what equal shapes decide is decided once.
    shape, dtype, device = q.shape, q.dtype, q.device
    key = ("attention", backend, shape, dtype, device, None if role_bias is None else role_bias.shape)
    plan: _Plan | None = structure.cache.get(key)
    if (
        plan is None
        or k.shape != shape
        or v.shape != shape
        or k.dtype != dtype
        or v.dtype != dtype
        or k.device != device
        or v.device != device
        or (role_bias is not None and role_bias.device != device)
    ):
        _check(q, k, v, structure, role_bias)
        name = _choose(backend, q, structure, role_bias is not None)
        fused = None if name != "dense" or role_bias is not None else dense.fused_mask(q, structure)
        plan = structure.cache[key] = _Plan(name, fused, shape[3] ** -0.5)
    name, mask, usual = plan
    if scale is None:
        scale = usual
    if mask is not None:  # what the dense backend comes to, without a call of it
        return functional.scaled_dot_product_attention(q, k, v, mask, scale=scale)
    bias = role_bias
    if role_bias is not None and name != "triton":
        per_set = role_bias.to(dtype) @ structure.membership.to(dtype).T  # [H, S]
        bias = per_set.index_select(1, structure.role_sets)  # [H, E]
    return BACKENDS[name](q, k, v, structure, bias, scale)


class _Plan(NamedTuple):
    """What equal backends, shapes, dtypes and devices have in common.

    Attributes:
        name: of the backend.
        mask: for torch's fused attention, `[N, N]`, where that is all that the backend does.
        scale: the usual one, 1/√D.
    """

    name: str
    mask: Tensor | None
    scale: float


def _choose(backend: str, q: Tensor, structure: Structure, biased: bool) -> str:
    if backend == "auto":
        return _picked(q, structure, biased)
    if backend not in BACKENDS:
        raise ValueError(f"backend: expected auto, {', '.join(BACKENDS)}, got {backend!r}")
    if backend != "reference" and not structure.symmetric:
        raise ValueError(f"backend {backend}: expected a symmetric structure; use reference for this one")
    if backend == "cpu" and q.device.type != "cpu":
        raise ValueError(f"backend cpu: expected tensors on the cpu, got {q.device}")
    if backend == "triton":
        _check_triton(q)
    return backend


def _picked(q: Tensor, structure: Structure, biased: bool) -> str:
    cuda = q.device.type == "cuda"
    return choice.choose(
        q.device.type,
        structure.nodes,
        structure.entries,
        structure.symmetric,
        q.shape[3],
        q.dtype,
        batch_heads=q.shape[0] * q.shape[1],
        biased=biased,
        capability=torch.cuda.get_device_capability(q.device) if cuda else None,
    ).backend


def _check_triton(q: Tensor) -> None:
    if not choice.HAS_TRITON:
        raise ValueError("backend triton: triton is not installed (it exists for Linux alone); use auto")
    from gsdmc.kernels.triton.run import interpreted

    if q.device.type != "cuda" and not interpreted():
        raise ValueError(f"backend triton: expected tensors on a CUDA device, got {q.device}")


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
